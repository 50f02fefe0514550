//! What goes to a node's store, and what comes back.

use std::collections::HashSet;

use node::Record;

use super::{Judged, Memory, Replica};
use crate::admit::DecreeId;
use crate::counts::Counts;
use crate::disk::{Disk, Fate, Stored};
use crate::divergence::{Cause, Divergence};
use crate::facts::Facts;
use crate::text;

impl Replica<'_> {
    /// The store shows what was saved: no less, and no more.
    pub(super) fn on_load(
        &mut self,
        record: Option<&Record>,
        facts: &mut Facts,
        counts: &mut Counts,
    ) -> Judged {
        let decree = self.decree();
        let in_heading = self.heading.is_some();
        match (&self.seat(decree).memory, record) {
            (Memory::Out, _) => {}
            // At the head of a file: a decided decree that is in memory.
            (Memory::Closed(known), Some(Record::Chosen(stated)))
                if in_heading && known == stated =>
            {
                self.seat(decree).disk = Disk::Known(Stored::shown(record));
                if let Some(heading) = &mut self.heading {
                    heading.stated.insert(decree);
                }
                return Ok(None);
            }
            (Memory::Open(..) | Memory::Closed(_), _) => {
                return Err(self.out_of_place(
                    "it is loaded",
                    "not in memory",
                    "in memory already",
                ));
            }
        }
        self.check_record(decree, record, facts, counts)?;
        self.seen_since_jump.insert(decree);
        let started = self.started(record);
        let seat = self.seat(decree);
        seat.memory = match (record, started) {
            (Some(Record::Chosen(value)), _) => Memory::Closed(value.clone()),
            (Some(Record::Open(_)) | None, Some(node)) => {
                Memory::Open(Box::new(node), HashSet::new())
            }
            (Some(Record::Open(_)) | None, None) => Memory::Out,
        };
        seat.disk = Disk::Known(Stored::shown(record));
        seat.unsaved = None;
        self.awake.insert(decree);
        self.note_happened(decree, facts);
        Ok(None)
    }

    /// Whether the store may show this; what it tells of a batch that a crash left in doubt.
    pub(super) fn check_record(
        &mut self,
        decree: DecreeId,
        record: Option<&Record>,
        facts: &mut Facts,
        counts: &mut Counts,
    ) -> Result<(), Box<Divergence>> {
        let spot = self.spot();
        let disk = self.seat(decree).disk.clone();
        let (allowed, note) = match disk {
            Disk::Unknown => {
                if record.is_some() {
                    let id = self.id();
                    let reason = format!("{id} took part in a decree before its journal begins");
                    facts.gap(Some(decree), reason, spot);
                }
                return Ok(());
            }
            Disk::Known(stored) => (vec![stored], None),
            Disk::Either { batch, old, new } => match self.fates[batch as usize] {
                Fate::Open | Fate::Saved => {
                    match (old.shows(record), new.shows(record)) {
                        (true, false) => self.fates[batch as usize] = Fate::Lost(spot.entry),
                        (false, true) => {
                            self.fates[batch as usize] = Fate::OnDisk(spot.entry);
                            counts.torn += 1;
                        }
                        (true, true) | (false, false) => {}
                    }
                    (vec![old, new], None)
                }
                Fate::OnDisk(shown) => (vec![new], Some((shown, "reached the disk"))),
                Fate::Lost(shown) => (vec![old], Some((shown, "did not reach the disk"))),
            },
        };
        if allowed.iter().any(|stored| stored.shows(record)) {
            return Ok(());
        }
        // A process of which the journal says nothing may have changed it.
        if let Some(reason) = &self.jump
            && !self.seen_since_jump.contains(&decree)
        {
            facts.gap(Some(decree), reason.clone(), spot);
            return Ok(());
        }
        let expected = allowed.iter().flat_map(Stored::records);
        let expected = expected
            .map(|record| text::record(record.as_ref()))
            .collect();
        let mut divergence = self.diverges(
            Cause::StoreDiffers,
            format!("the store of {} does not show what was saved", self.id()),
            expected,
            text::record(record),
        );
        divergence.notes.extend(note.map(|(shown, what)| {
            let (place, _) = &self.journal.entries[shown as usize];
            format!("the last batch before the crash {what} as a whole, as {place} shows")
        }));
        divergence.notes.push(
            "if the machine lost power before this process, the end of the journal may be lost, \
             and not the store"
                .to_owned(),
        );
        Err(divergence)
    }

    /// A process begins; whether others have run since the last one of this journal. Each has a number of its own, one more
    /// than the last that its store knows of.
    pub(super) fn note_incarnation(&mut self, number: u64, facts: &mut Facts) {
        let Some(last) = self.incarnation.replace(number) else {
            return;
        };
        let missing = last + 1;
        let id = self.id();
        if number == missing {
            return;
        } else if number <= last {
            let problem = format!(
                "{id} runs as process {number} after process {last}: its store was put back to an earlier state, or \
                 there are two of it"
            );
            let mut found = self.diverges(
                Cause::IncarnationReused,
                problem,
                vec![format!("process {missing} or a later one")],
                format!("process {number}"),
            );
            found.notes.push(format!(
                "what {id} promised and voted since that state is forgotten, so another value can be chosen"
            ));
            facts.findings.push(*found);
            self.jump = Some(format!(
                "the store of {id} is not the one that its journal knows"
            ));
        } else {
            let which = match number - 1 {
                last if last == missing => format!("process {missing}"),
                last => format!("processes {missing} to {last}"),
            };
            self.jump = Some(format!("{which} of {id} are not in its journal"));
        }
        self.seen_since_jump.clear();
    }

    /// The batch is on the disk, and what was held back may leave.
    pub(super) fn on_saved(&mut self, facts: &mut Facts) -> Judged {
        let number = self.fates.len() - 1;
        self.fates[number] = Fate::Saved;
        self.fates.push(Fate::Open);
        let saved = std::mem::take(&mut self.batch);
        for decree in saved.decrees {
            let seat = self.seat(decree);
            if let Some(unsaved) = seat.unsaved.take() {
                seat.disk = Disk::Known(unsaved.stored);
            }
        }
        for entry in saved.held {
            let mut spot = self.spot();
            spot.entry = entry;
            self.let_go(spot, facts);
        }
        Ok(None)
    }

    /// A decree leaves memory, saved.
    pub(super) fn on_unload(&mut self, facts: &mut Facts) -> Judged {
        let decree = self.decree();
        if self.is_held(decree) {
            return Err(self.out_of_place("it leaves memory", "saved", "not saved"));
        }
        if !self.awake.remove(&decree) {
            return Err(self.out_of_place("it leaves memory", "loaded", "not in memory"));
        }
        let seat = self.seat(decree);
        seat.memory = Memory::Out;
        if let Some(unsaved) = seat.unsaved.take() {
            seat.disk = Disk::Known(unsaved.stored);
        }
        self.note_beside(facts);
        Ok(None)
    }
}
