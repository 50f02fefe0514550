//! A disk in memory that records what is asked of it, and what can be left of it after a crash.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use redb::StorageBackend;

use crate::store::sector::SECTOR_BYTES;

/// Which file: 0 and 1 are the logs.
pub(super) const HOME: usize = 2;

/// All that is on a disk: three files.
pub(super) type Image = [Vec<u8>; 3];

/// What happened, in the order in which it happened.
#[derive(Clone, Debug)]
pub(super) enum Event {
    Write {
        file: usize,
        offset: usize,
        bytes: Vec<u8>,
    },
    SetLength {
        file: usize,
        length: usize,
    },
    Sync {
        file: usize,
    },
    /// An opening has returned, with this incarnation.
    Opened(u64),
    /// The next commit has begun.
    Begun,
    /// It has returned.
    Acknowledged,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Disk(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    files: Image,
    tape: Vec<Event>,
    /// How many operations go well before one fails; `None`: all.
    good: Option<usize>,
}

#[derive(Debug)]
pub(super) struct DiskFile {
    disk: Disk,
    file: usize,
}

impl Disk {
    pub(super) fn with(files: Image) -> Disk {
        let state = State {
            files,
            ..State::default()
        };
        Disk(Arc::new(Mutex::new(state)))
    }

    pub(super) fn log(&self, which: usize) -> DiskFile {
        DiskFile {
            disk: self.clone(),
            file: which,
        }
    }

    pub(super) fn home(&self) -> DiskFile {
        DiskFile {
            disk: self.clone(),
            file: HOME,
        }
    }

    /// What is on it now.
    pub(super) fn image(&self) -> Image {
        self.state().files.clone()
    }

    /// What has happened to it.
    pub(super) fn tape(&self) -> Vec<Event> {
        self.state().tape.clone()
    }

    pub(super) fn note(&self, event: Event) {
        self.state().tape.push(event);
    }

    /// Lets one operation fail after so many that go well.
    pub(super) fn fail_after(&self, good: usize) {
        self.state().good = Some(good);
    }

    /// Whether an operation has failed.
    pub(super) fn has_failed(&self) -> bool {
        self.state().good.is_none()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }
}

impl DiskFile {
    fn change(&self, event: Event) -> io::Result<()> {
        let mut state = self.disk.state();
        match state.good {
            Some(0) => {
                state.good = None;
                return Err(io::ErrorKind::StorageFull.into());
            }
            Some(good) => state.good = Some(good - 1),
            None => {}
        }
        apply(&mut state.files, &event);
        state.tape.push(event);
        Ok(())
    }
}

impl StorageBackend for DiskFile {
    fn len(&self) -> io::Result<u64> {
        Ok(self.disk.state().files[self.file].len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let state = self.disk.state();
        let from = offset as usize;
        let bytes = state.files[self.file].get(from..from + out.len());
        out.copy_from_slice(bytes.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        self.change(Event::SetLength {
            file: self.file,
            length: length as usize,
        })
    }

    fn sync_data(&self) -> io::Result<()> {
        self.change(Event::Sync { file: self.file })
    }

    fn write(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.change(Event::Write {
            file: self.file,
            offset: offset as usize,
            bytes: bytes.to_vec(),
        })
    }
}

fn apply(files: &mut Image, event: &Event) {
    match event {
        Event::Write {
            file,
            offset,
            bytes,
        } => {
            let file = &mut files[*file];
            // What is beyond the end of a file that did not grow is lost.
            let to = file.len().min(offset + bytes.len());
            if *offset < to {
                file[*offset..to].copy_from_slice(&bytes[..to - offset]);
            }
        }
        Event::SetLength { file, length } => files[*file].resize(*length, 0),
        Event::Sync { .. } | Event::Opened(_) | Event::Begun | Event::Acknowledged => {}
    }
}

/// What is left of a disk when the power goes after these events: what was flushed, and any of the
/// sectors that were written since. A flush of a file that lies is none.
pub(super) struct Crash {
    flushed: Image,
    pending: Vec<Event>,
}

impl Crash {
    pub(super) fn after(start: &Image, events: &[Event], lies: [bool; 3]) -> Crash {
        let mut flushed = start.clone();
        let mut pending = Vec::new();
        let flush = |file: usize| {
            events.iter().rposition(|event| {
                matches!(event, Event::Sync { file: synced } if *synced == file && !lies[file])
            })
        };
        let last_flush = [0, 1, 2].map(flush);
        for (index, event) in events.iter().enumerate() {
            let (Event::Write { file, .. } | Event::SetLength { file, .. }) = event else {
                continue;
            };
            if last_flush[*file].is_some_and(|flush| index < flush) {
                apply(&mut flushed, event);
            } else {
                pending.extend(pieces(event));
            }
        }
        Crash { flushed, pending }
    }

    /// The disks there can be: all if they are few, or else none or all of what was written since the
    /// last flush, and some chosen at random.
    pub(super) fn images(&self, random: &mut fastrand::Rng) -> Vec<Image> {
        let count = self.pending.len();
        if count <= 3 {
            return (0_u32..1 << count)
                .map(|set| self.image(|at| set & (1 << at) != 0))
                .collect();
        }
        let mut images = vec![self.image(|_| false), self.image(|_| true)];
        for _ in 0..4 {
            let missing = random.usize(..count);
            images.push(self.image(|at| at != missing));
            let percent = random.u8(..100);
            let landed: Vec<bool> = (0..count).map(|_| random.u8(..100) < percent).collect();
            images.push(self.image(|at| landed[at]));
        }
        images
    }

    fn image(&self, landed: impl Fn(usize) -> bool) -> Image {
        let mut image = self.flushed.clone();
        for (at, event) in self.pending.iter().enumerate() {
            if landed(at) {
                apply(&mut image, event);
            }
        }
        image
    }
}

/// A write, sector by sector.
fn pieces(event: &Event) -> Vec<Event> {
    let Event::Write {
        file,
        offset,
        bytes,
    } = event
    else {
        return vec![event.clone()];
    };
    let mut pieces = Vec::new();
    let (mut at, end) = (*offset, offset + bytes.len());
    while at < end {
        let next = ((at / SECTOR_BYTES + 1) * SECTOR_BYTES).min(end);
        let bytes = bytes[at - offset..next - offset].to_vec();
        pieces.push(Event::Write {
            file: *file,
            offset: at,
            bytes,
        });
        at = next;
    }
    pieces
}
