//! Sets of numbers in blocks of 8,192: how they are kept, and what is made of them.
//!
//! A block of which few numbers are in the set is kept as their places, two bytes each; the others as
//! one kibibyte of bits. So a set of all of a million numbers takes 122 KiB, and one of three of them
//! six bytes.

/// Numbers in a block.
pub const BLOCK: i64 = 8_192;
/// Words in a block.
const WORDS: usize = 128;
/// Bytes of a block of which many are in the set.
const BYTES: usize = WORDS * 8;

/// The block of a number, and its place in there.
pub fn place_of(number: i64) -> (i64, usize) {
    (number.div_euclid(BLOCK), usize::try_from(number.rem_euclid(BLOCK)).unwrap_or_default())
}

/// The number at this place of a block.
pub fn number_at(block: i64, place: usize) -> i64 {
    block * BLOCK + i64::try_from(place).unwrap_or_default()
}

/// Which numbers of a block are in the set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bits(Box<[u64; WORDS]>);

impl Default for Bits {
    fn default() -> Self {
        Bits::none()
    }
}

impl Bits {
    /// No number.
    pub fn none() -> Bits {
        Bits(Box::new([0; WORDS]))
    }

    /// Every number.
    pub fn all() -> Bits {
        Bits(Box::new([u64::MAX; WORDS]))
    }

    /// Those of a block that lie in this range, both ends included.
    pub fn between(block: i64, from: i64, to: i64) -> Bits {
        let (first, last) = (block * BLOCK, block * BLOCK + BLOCK - 1);
        if from <= first && to >= last {
            return Bits::all();
        }
        let mut bits = Bits::none();
        for number in from.max(first)..=to.min(last) {
            bits.set(place_of(number).1, true);
        }
        bits
    }

    /// What was kept.
    pub fn read(kept: &[u8]) -> Bits {
        let mut bits = Bits::none();
        if kept.len() == BYTES {
            for (word, bytes) in bits.0.iter_mut().zip(kept.as_chunks::<8>().0) {
                *word = u64::from_le_bytes(*bytes);
            }
        } else {
            for place in kept.as_chunks::<2>().0 {
                let place = usize::from(u16::from_le_bytes(*place));
                bits.set(place % (WORDS * 64), true);
            }
        }
        bits
    }

    /// How it is kept.
    pub fn to_kept(&self) -> Vec<u8> {
        if self.count() * 2 < BYTES {
            let places = self.places().map(|place| u16::try_from(place).unwrap_or_default());
            return places.flat_map(u16::to_le_bytes).collect();
        }
        self.0.iter().flat_map(|word| word.to_le_bytes()).collect()
    }

    /// Puts a number in, or takes it out.
    pub fn set(&mut self, place: usize, is_in: bool) {
        let (word, bit) = (place / 64, 1_u64 << (place % 64));
        if is_in {
            self.0[word] |= bit;
        } else {
            self.0[word] &= !bit;
        }
    }

    /// Whether a number is in it.
    pub fn has(&self, place: usize) -> bool {
        self.0[place / 64] >> (place % 64) & 1 == 1
    }

    /// Keeps those that are in the other one too.
    pub fn and(&mut self, other: &Bits) {
        self.0.iter_mut().zip(other.0.iter()).for_each(|(word, other)| *word &= other);
    }

    /// Adds those that are in the other one.
    pub fn or(&mut self, other: &Bits) {
        self.0.iter_mut().zip(other.0.iter()).for_each(|(word, other)| *word |= other);
    }

    /// Takes out those that are in the other one.
    pub fn and_not(&mut self, other: &Bits) {
        self.0.iter_mut().zip(other.0.iter()).for_each(|(word, other)| *word &= !other);
    }

    /// How many are in it.
    pub fn count(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// How many are in both.
    pub fn count_common(&self, other: &Bits) -> usize {
        let words = self.0.iter().zip(other.0.iter());
        words.map(|(word, other)| (word & other).count_ones() as usize).sum()
    }

    /// Whether none is in it.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    /// The places of those in it, smallest first.
    pub fn places(&self) -> impl DoubleEndedIterator<Item = usize> {
        let words = self.0.iter().enumerate();
        words.flat_map(|(word, bits)| Places { first: word * 64, bits: *bits })
    }
}

/// The places of one word.
struct Places {
    first: usize,
    bits: u64,
}

impl Iterator for Places {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let bit = self.bits.trailing_zeros();
        self.bits &= self.bits.checked_sub(1)?;
        Some(self.first + bit as usize)
    }
}

impl DoubleEndedIterator for Places {
    fn next_back(&mut self) -> Option<usize> {
        let bit = 63_u32.checked_sub(self.bits.leading_zeros())?;
        self.bits &= !(1 << bit);
        Some(self.first + bit as usize)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn bits(places: &BTreeSet<usize>) -> Bits {
        let mut bits = Bits::none();
        places.iter().for_each(|place| bits.set(*place, true));
        bits
    }

    fn any_places() -> impl Strategy<Value = BTreeSet<usize>> {
        let few = proptest::collection::btree_set(0..8_192_usize, 0..20);
        let many = proptest::collection::btree_set(0..8_192_usize, 480..540);
        prop_oneof![few, many]
    }

    proptest! {
        #[test]
        fn a_block_is_the_set_of_its_places(one in any_places(), other in any_places()) {
            let (a, b) = (bits(&one), bits(&other));
            prop_assert_eq!(a.places().collect::<Vec<_>>(), one.iter().copied().collect::<Vec<_>>());
            prop_assert_eq!(
                a.places().rev().collect::<Vec<_>>(),
                one.iter().rev().copied().collect::<Vec<_>>()
            );
            prop_assert_eq!(&Bits::read(&a.to_kept()), &a);
            let made = |make: fn(&mut Bits, &Bits)| {
                let mut made = a.clone();
                make(&mut made, &b);
                made.places().collect::<BTreeSet<_>>()
            };
            prop_assert_eq!(made(Bits::and), &one & &other);
            prop_assert_eq!(made(Bits::or), &one | &other);
            prop_assert_eq!(made(Bits::and_not), &one - &other);
            prop_assert_eq!(a.count_common(&b), (&one & &other).len());
        }
    }

    #[test]
    fn the_fewest_and_the_most_are_kept_right() {
        for bits in [Bits::none(), Bits::all()] {
            assert_eq!(Bits::read(&bits.to_kept()), bits);
        }
        assert_eq!((Bits::none().to_kept().len(), Bits::all().to_kept().len()), (0, BYTES));
        // A block of 512 places would be as long as one of bits: it is one of bits.
        let edge = bits(&(0..512).collect());
        assert_eq!(Bits::read(&edge.to_kept()), edge);
        assert_eq!(Bits::between(1, 0, 9_000).count(), 809);
        assert_eq!(Bits::between(1, 9_001, 9_000).count(), 0);
        assert_eq!(Bits::between(0, -5, 100_000), Bits::all());
        assert_eq!(place_of(8_192), (1, 0));
        assert_eq!(number_at(1, 3), 8_195);
    }
}
