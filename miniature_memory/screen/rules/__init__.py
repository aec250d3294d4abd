"""The rules of the screen, as data; ``screen.book`` reads them."""
