//! Decisions that a seed makes, so that a run that found something can be told what to do again.

use std::ops::Range;

/// A source of decisions. The same seed decides the same.
#[derive(Clone, Debug)]
pub struct Chance(u64);

impl Chance {
    /// The decisions of this seed.
    pub fn new(seed: u64) -> Chance {
        Chance(seed)
    }

    /// The next number (SplitMix64, by Sebastiano Vigna).
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number in this range.
    pub fn within(&mut self, range: Range<u64>) -> u64 {
        range.start + self.number() % (range.end - range.start)
    }

    /// A place in a list of this length.
    pub fn place(&mut self, length: usize) -> usize {
        (self.number() % length as u64) as usize
    }

    /// One of these.
    pub fn pick<T: Copy>(&mut self, among: &[T]) -> T {
        among[self.place(among.len())]
    }

    /// True once in so many times.
    pub fn one_in(&mut self, times: u64) -> bool {
        self.number().is_multiple_of(times)
    }

    /// A source of its own for a part of the work.
    pub fn branch(&mut self) -> Chance {
        Chance(self.number())
    }
}
