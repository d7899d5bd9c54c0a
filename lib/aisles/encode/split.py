"""Which products are for training, validation and test: by a hash of the title's core.

Variants of one product (sizes, colours, packs) share a key and so never stand on both sides.
Keys and splits must never change: neither `fold` nor the words below nor the hashes may be
edited without moving products between the sides.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from aisles.config import SnapshotConfig
from aisles.encode.hashing import bucket, hash_strings, salted, unit
from aisles.encode.text import fold

# Folded words (no accents) of colours and of sizes and measures in the languages of most feeds.
_COLORS = (
    "beige black blue bronze brown burgundy charcoal copper coral cream cyan gold golden gray "
    "green grey ivory khaki lilac magenta maroon mint multi multicolor multicolour multicoloured "
    "navy olive orange peach pink purple red rose silver tan taupe teal turquoise violet white "
    "yellow "
    "schwarz weiss grau blau rot grun gelb braun rosa lila silber gruen dunkelblau hellblau "
    "dunkelgrau hellgrau bunt turkis "
    "zwart wit grijs blauw rood groen geel bruin paars roze oranje zilver goud donkerblauw "
    "lichtblauw "
    "noir noire blanc blanche gris grise bleu bleue rouge vert verte jaune marron brun brune "
    "violette argent dore doree "
    "negro negra blanco blanca azul rojo roja verde amarillo amarilla morado plata dorado "
    "nero nera bianco bianca grigio grigia blu rosso rossa giallo gialla marrone viola arancione "
    "argento oro "
    "preto preta branco branca cinza vermelho vermelha amarelo amarela marrom roxo prata dourado "
    "czarny bialy szary niebieski czerwony zielony zolty brazowy "
    "svart vit hvit hvid gra bla rod gron gul sort musta valkoinen"
)
_SIZES = (
    "xxxs xxs xs s m l xl xxl xxxl xxxxl small medium large extra size sizes onesize grosse "
    "groesse maat taille talla taglia tamanho rozmiar storlek storrelse koko us uk eu "
    "mm cm dm inch inches in ft feet yd ml cl dl lt ltr litre liter litres liters oz fl gal "
    "mg g gm gms gr gram grams kg kgs kilo lb lbs gb tb mb mah w kw v x "
    "pack packs pk pcs pc piece pieces count ct stuck stueck stuks pieza piezas pezzi szt set of"
)
_WORDS = "|".join(dict.fromkeys(f"{_COLORS} {_SIZES}".split()))


def split_key(title: pa.StringArray, product_id: pa.StringArray) -> pa.StringArray:
    """Folded title without digits, sizes, colours and punctuation; product_id where that is blank.

    Word order stays, whitespace is collapsed.
    """
    words = pc.replace_substring_regex(fold(title), r"[^\p{L}\p{M}]+", " ")
    words = pc.binary_join_element_wise("", words, "", " ")
    words = pc.replace_substring_regex(words, f" (?:(?:{_WORDS}) )+", " ")
    words = pc.utf8_trim_whitespace(pc.replace_substring_regex(words, " +", " "))
    blank = pc.equal(words, "")
    return pc.if_else(blank, pc.fill_null(product_id.cast(pa.string()), ""), words)


def split_of(
    key: pa.StringArray, config: SnapshotConfig
) -> tuple[NDArray[np.object_], NDArray[np.int32]]:
    """(split, fold) of each key: train, validation or test; the fold, 0 .. folds-1, -1 off train.

    config.seed plays no part: a product that has once measured must never train in a later
    snapshot. Test takes the low end of the hash and validation what follows, so that a change
    of the validation share leaves test alone. Raises ValueError for shares that leave no train.
    """
    if min(config.validation, config.test) < 0 or config.validation + config.test >= 1:
        raise ValueError(
            f"snapshot: validation {config.validation} + test {config.test} must stay below 1 and "
            "neither be negative"
        )
    hashes = hash_strings(key)
    place = unit(salted(hashes, 301))
    held = np.where(place < config.test + config.validation, "validation", "train")
    split = np.where(place < config.test, "test", held).astype(object)
    folds = bucket(salted(hashes, 302), config.folds + 1) - 1
    return split, np.where(split == "train", folds, -1).astype(np.int32)
