//! The lines of the table, in shards.

use crate::line::Line;

pub(super) const SHARDS: usize = 256;
pub(super) const SEGMENT_LINES: usize = 64;

pub(super) type Segment = Box<[Line; SEGMENT_LINES]>;

/// The lines of one shard.
#[derive(Default)]
pub(super) struct Shard(pub(super) Vec<Segment>);

impl Shard {
    #[inline]
    pub(super) fn line(&self, at: usize) -> &Line {
        &self.0[at / SEGMENT_LINES][at % SEGMENT_LINES]
    }

    pub(super) fn lines(&self) -> impl Iterator<Item = &Line> {
        self.0.iter().flat_map(|segment| segment.iter())
    }

    pub(super) fn lines_mut(&mut self) -> impl Iterator<Item = &mut Line> {
        self.0.iter_mut().flat_map(|segment| segment.iter_mut())
    }
}

/// The shard of a fingerprint.
#[inline]
pub(super) fn shard_of(high: u64) -> usize {
    (high >> 56) as usize
}

/// The two lines of a shard in which a fingerprint may be (cuckoo hashing): its own, and one for when that is
/// full.
#[inline]
pub(super) fn lines_of(high: u64, lines: usize) -> [usize; 2] {
    let bits = (high >> 24) as u32;
    let line = |bits: u32| ((u64::from(bits) * lines as u64) >> 32) as usize;
    [line(bits), line(bits.wrapping_mul(0x915f_77f5))]
}

/// Two lines locked, until dropped.
pub(super) struct Locked<'a>(Option<(&'a Line, Option<&'a Line>)>);

impl<'a> Locked<'a> {
    #[inline]
    pub(super) fn one(line: &'a Line, is_alone: bool) -> Self {
        if is_alone {
            return Self(None);
        }
        line.lock();
        Self(Some((line, None)))
    }

    #[inline]
    pub(super) fn new(shard: &'a Shard, [a, b]: [usize; 2], is_alone: bool) -> Self {
        if is_alone {
            return Self(None);
        }
        // In one order for all, so that nobody waits for each other.
        let (less, more) = (shard.line(a.min(b)), shard.line(a.max(b)));
        less.lock();
        let more = (a != b).then(|| {
            more.lock();
            more
        });
        Self(Some((less, more)))
    }
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        if let Some((less, more)) = self.0 {
            less.unlock();
            if let Some(more) = more {
                more.unlock();
            }
        }
    }
}

pub(super) fn new_segment() -> Segment {
    Box::new([const { Line::empty() }; SEGMENT_LINES])
}
