"""Real-looking names for renaming, and a character chain that makes up others like them."""

from __future__ import annotations

from functools import cache
from random import Random
from typing import Final

from miniature_memory.memory.words import COMMON


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


GIVEN: Final = _names("""
    Ada Adrian Agnes Alan Albert Alma Amos Andrea Anita Anselm Anton Arlo Astrid August Aurora Axel
    Beatrice Bernard Bettina Boris Bridget Bruno Camilla Carlos Caspar Cecily Celeste Cesar Clara Claudia
    Clement Conrad Cornelia Cosmo Cyril Dagmar Damian Daphne Delia Desmond Diana Dimitri Dominic Dorian
    Edgar Edith Edmund Eleanor Elias Eloise Elsa Emeric Enid Erica Ernest Esther Ethan Eugene Eva Evelyn
    Fabian Felicia Felix Fergus Fiona Flavia Florian Frances Frederica Gabriel Gemma Gerald Gideon Gloria
    Gordon Greta Gustav Hanna Harold Hector Hedwig Helena Henrik Hester Hilda Horace Hugo Ida Ignatius
    Imogen Ingrid Irene Isidore Ivan Ivy Jasper Joanna Jonas Josephine Judith Julian Juno Karim Katrin
    Kenneth Klara Lambert Laurence Leander Lena Leopold Lidia Linus Lorenz Louisa Lucian Ludwig Lydia
    Mabel Magnus Marcel Margot Marina Marius Martha Mathilda Maurice Melvin Mercedes Milo Mira Miriam
    Mohamed Muriel Nadia Natasha Nestor Nicolas Nina Noel Nora Octavia Olga Oliver Omar Oscar Ottilie Otto
    Pascal Patrick Paula Penelope Percival Petra Philippa Quentin Rafael Ramona Raymond Regina Rita
    Roderick Roland Rosalind Rufus Ruth Sabina Samir Selma Serena Sigmund Silas Simone Stella Sven Sybil
    Tamara Tessa Theodora Thaddeus Tobias Tristan Ulrich Una Ursula Valentin Vera Victor Viola Vivian
    Walter Wanda Wilfred Winston Xavier Yasmin Yvonne Zelda Zora
""")

SURNAMES: Final = _names("""
    Abbott Achterberg Ainsworth Alder Amado Arkwright Ashdown Atherton Aubrey Babbage Bainbridge Balfour
    Barlow Bastian Beaumont Beckett Bellamy Benning Birkin Blackwood Blakeney Bracken Bramwell Brandt
    Brewer Brody Bukowski Burrows Calder Caraway Carmody Carver Castell Chandler Chilton Cobb Colville
    Corbin Crane Cromwell Culver Dalton Danvers Darnell Davenport Delgado Denholm Devlin Dorsey Draper
    Dunmore Eastman Eckhart Ellery Emerson Fairfax Falconer Farrow Fenwick Ferrant Finch Fitzroy Fletcher
    Forsyth Foxley Gallagher Garland Garrick Gatsby Giordano Goddard Gorman Granger Grimshaw Hadley
    Halloran Hargrove Harlow Hathaway Hawthorn Heller Holbrook Hollis Holt Huxley Ibarra Ingram Irving
    Jansen Jessop Kaminski Keane Kellaway Kessler Kingsley Kowalski Lambton Langford Larkin Lennox
    Lindqvist Lockwood Lorimer Lovell Ludlow Mackenzie Maddox Mallory Marchetti Marlow Mayhew Medina
    Mercer Merrick Montrose Moretti Nakamura Navarro Newcombe Northcote Oakley Okafor Olsen Ormond Osborne
    Paget Pascoe Pemberton Penrose Petrov Pickering Prescott Quill Radcliffe Rainsford Ramsey Ravenhill
    Redmond Renshaw Ridley Rosenthal Rowntree Rutledge Salazar Sandoval Sawyer Selwyn Shelby Sinclair
    Slater Sorensen Spencer Stanhope Sterling Strickland Tanaka Templeton Thackeray Thorne Tilney Trask
    Trevelyan Underhill Vale Vance Vasquez Venning Wainwright Wakefield Walcott Warwick Weatherby Whitlock
    Wickford Winslow Woodruff Wyndham Yardley Zeller
""")

PLACES: Final = _names("""
    Aldwick Amberley Arborfield Ashcombe Bancroft Beckford Belmont Blackpool Brackley Bramford Caldmoor
    Carrow Cheswick Cranmere Dellbrook Drayford Eastmere Elmstead Fallowby Farnham Glenholm Greyfield
    Halverton Hartwell Hazelmoor Inverlea Kelburn Kirkwall Lanmouth Larkhill Linmere Lostwithy Marlstone
    Merewick Netherby Norwold Oakhaven Ostrava Penhallow Portmere Quarrydale Ravensby Redcliff Rookwood
    Saltburn Selkirk Silverdale Stonebeck Tarnbrook Thornbury Tolverne Ulverton Verona Wexcombe Whitmere
    Winterbourne Yarrow Zennor
""")


_VOWELS: Final = frozenset("aeiouy")

REAL: Final = GIVEN + SURNAMES + PLACES


@cache
def _chain() -> dict[str, str]:
    """What follows two characters in the real names, as often as it does; "^" begins, "$" ends."""
    chain: dict[str, str] = {}
    for name in REAL:
        letters = f"^^{name.lower()}$"
        for i in range(2, len(letters)):
            context = letters[i - 2 : i]
            chain[context] = chain.get(context, "") + letters[i]
    return chain


def made_up(rng: Random) -> str:
    """A name that nobody has: 4 to 9 letters, spelled like a name."""
    chain = _chain()
    while True:
        name = "^^"
        while len(name) < 12 and name[-1] != "$":
            name += rng.choice(chain[name[-2:]])
        if len(name) >= 7 and name[-1] == "$" and name[2:-1] not in COMMON and not _VOWELS.isdisjoint(name):
            return name[2:-1].capitalize()
