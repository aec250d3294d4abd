"""Words that are no names: the short word lists by which capital letters are understood.

A list never throws a character out: ``CLOSED`` and ``CALENDAR`` hold words that nobody is called by;
a word of ``COMMON`` counts as a name as soon as it is written with a capital inside a sentence.
"""

from __future__ import annotations

from typing import Final


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: function words: never a name, not even in the middle of a sentence (headings write them so)
CLOSED: Final = _words("""
    a about above across after again against all almost along already also although always am among an and
    another any anybody anyone anything are aren as at away be because been before being below between
    both but by can cannot could couldn did didn do does doesn doing don done down during each either else
    ever every everybody everyone everything few for from further had hadn has hasn have haven having he
    hence her here hers herself him himself his how however i if in indeed instead into is isn it its
    itself just least less let like many me meanwhile might more moreover most much must mustn my myself
    near neither never nevertheless no nobody none nor not nothing now of off often oh on once one only
    onto or other others ought our ours ourselves out over own perhaps please quite rather same shall shan
    she should shouldn since so some somebody someone something sometimes soon still such than that the
    thee their theirs them themselves then there therefore these they this those thou though through thus
    thy till to together too toward towards two under until unto up upon us very was wasn we were weren
    what whatever when whenever where whereas whether which while who whoever whole whom whose why with
    within without won would wouldn ye yes yet you your yours yourself yourselves okay ok ah aha alas ay
    aye eh ha hello hey hi hm hmm ho huh hullo hurrah hush nay ooh ugh um well wow yeah yep yo tis twas nb
    mem chapter part book volume contents prologue epilogue preface et la le les des du un une el los las
    der die das und il
""")

#: days, months, and what stands in dates
CALENDAR: Final = _words("""
    monday tuesday wednesday thursday friday saturday sunday january february march april june july august
    september october november december christmas easter english
""") - {"april", "june", "august"}

#: what stands before a name; after it a capital is no sentence's beginning
TITLES: Final = _words("""
    mr mrs ms miss mister mistress dr doctor prof professor sir madam madame ma'am lord lady king queen
    prince princess duke duchess count countess baron baroness captain capt colonel col general gen major
    maj lieutenant lt sergeant sgt corporal commander admiral inspector detective constable officer chief
    judge justice president senator governor mayor father brother sister uncle aunt auntie mother
    grandmother grandfather reverend rev saint st monsieur madame mademoiselle mme mlle messrs herr frau
    senor senora don dona signor signora mama mamma papa mum mom dad master squire nurse dame agent coach
    chef
""")

#: titles that end with a full stop when shortened
ABBREVIATED: Final = _words("mr mrs ms dr prof st capt col gen maj lt sgt rev mme mlle messrs no vs jr sr")

#: verbs by which somebody speaks: who stands beside one may be a character even without a capital
SPEECH: Final = _words("""
    said says say asked asks ask replied replies answered answers whispered whispers murmured muttered
    cried shouted called laughed smiled nodded sighed grinned told added began continued agreed admitted
    shrugged explained repeated snapped growled thought
""")

#: words that begin sentences or are simply frequent; names only with better evidence than a sentence's start
COMMON: Final = (
    CLOSED
    | SPEECH
    | _words("""
    able absolutely accept accordingly act actually afternoon age ago agree air alone anger angry animal
    answer anyhow anyway apart apparently arm arms army around arrive art aside asleep autumn awake awful
    back bad bag ball bank bar bare barely bath beach bear beautiful bed beer beg begin behind believe
    bell beneath beside besides best bet better beyond big bill bird bit bitter black bless blind blood
    blow blue board boat body bold bone boots born boss bottle bottom bow box brave bread break breakfast
    breath bridge bright bring broken brown build building burn bus business busy buy cake call calm came
    camera candle captain car card care careful carefully carry case castle cat catch cause cell central
    certain certainly chair chance change charming cheap check cheer china choice choose christ church
    city class clean clear clearly clock close clothes cloud club coat coffee cold come coming common
    company completely confound consider contact content continue cool corner correct cost count country
    couple courage course court cover crazy cross crowd crown cry cup curious cut daddy daily damn damned
    dance dare dark darkness darling date day days dead deal dear dearest death decidedly deep deeply
    definitely depend desk diary difficult dinner direct directly distant dog door doors double doubt
    doubtless draw dream dress drink drive drop dry dust early earth easily east easy eat edge eight
    eighteen eighty eleven empty end engaged enough entirely especially even evening events eventually
    evidently exactly excellent except excuse explain eye eyes face fact fair faith fall family fancy far
    farther fast fate fear feel feeling feet fell felt fetch field fifteen fifty fight finally find
    finding fine finger finish fire first fish five flat floor flower fly follow food foot forest forget
    forgive former forth fortunately forty forward found four frankly free fresh friend friends front full
    funny future game garden gate gather gave gentle gentleman gentlemen gently get getting girlfriend
    give given glad glass go god gods going gold gone good goodbye goodness goodnight got grace grand
    grateful gray great green grey ground group grow guess gun guy guys hair half hall hand hands hang
    happily happy hard hardly hat hate head hear heart hearts heat heaven heavens heavy held hell help
    hidden high hill hired history hit hitherto hold hole holy home honestly honey honour hope horse
    hospital hot hotel hour hours house huge human hundred hundreds hungry hurry hurt husband ice idea ill
    imagine immediately impossible inside interesting iron island jesus job join journal joy jump jumping
    keen keep kept key kill kind kindly kiss kitchen knew knife knock know knowing lake land lane large
    last late later latter laugh laughter law lay lead leaning leather leave leaving led left leg legs
    letter letters lie life lift light lights likely line lips listen little live living load lock long
    longer look looked looking loose lose lost lot loud love lovely lover low luck lucky lunch machine mad
    made maid mainly make making man mark market marriage married marry matter may maybe mean meat meet
    meeting men mention merely met midnight mind mine minute minutes miss moment money month months mood
    moon morning mostly mountain mouth move moving mud music name naturally nature nearby nearly neck need
    neighbour new news next nice night nine ninety noble noise nonsense noon normally north nose note
    notice number oak obviously occasionally ocean odd oddly office old older onward open opposite order
    otherwise outside page pain paint pair pale paper pardon park particularly partly pass past path pause
    pay peace people perfect perfectly person phone pick picture piece pity place plain play pleasant
    pleasure plenty pocket point police poor possibly pour power practically pray precisely presently
    press pretty pride private probably promise proper properly proud pull pure push put putting quarter
    quick quickly quiet quietly race rain raising ran rarely reach reached read reading ready real
    realising really reason recently record red reform regarding remain remember rest return rich ride
    right ring rise river road rock room rose round row run running rush sad safe sake salt sand sat save
    saw scarcely school sea second secondly secret see seeing seem seen seldom send sense sent separate
    serious seriously serve set setting settle seven seventy several shadow shadows shake shame sharp ship
    shirt shoes shop short shortly shot shoulder show shut sick side sigh sight silence silent silly
    silver similarly simple simply sing single sit sitting six sixteen sixty skin sky sleep slide slight
    slightly slow slowly small smart smell smile smoke snow soft softly soldier somehow somewhere son song
    sorrow sorry sort soul sound south space speak special speed spend spirit spread spring square staff
    stand standing star stars start state stay step stick stolen stone stood stop store storm story
    straight strange stranger street strength strike strong stuff stupid sudden suddenly sugar summer sun
    sunlight supper suppose sure surely surprise sweet sweetheart swiftly table take taking talk tall
    taste tea telegram tell ten tenderly terrible thank thanks thence thick thin thing things think
    thinking third thirteen thirty thousand thousands three throughout throw thunder ticket tight time
    times tired today tomorrow tonight took top touch towards town train treat tree trees tried trouble
    true truly trust truth try trying turn turning twelve twenty twice typical ulterior understand
    understood unfortunately unhappily unless unlike unlucky use used useful usually vast view village
    visit voice wait waiting wake walk walking wall walls want war warm warmth wash waste watch water wave
    waves way weak wean wear weather week weeks weird welcome west wet whence whenever wherever whispers
    white whoever wide wife wild will wind window wine wing winter wise wish wishes witness woe woman
    women wonder wonderful wood woods word words work worked world worry worse worst worth write wrong
    yard year years yellow yesterday young younger zero
""")
)
