//! `paxos report`: what was found as pages for a browser.

pub(crate) mod cache;
mod folder;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytesize::ByteSize;
use checker::{Ending, Limits, Reduction, Reductions, Storage};
use model::{Mutant, Pairs, World, trial};
use report::site::{self, Benchmarks, Chapter, FaultChapter, Files, Parts, Sizes};
use report::{Answer, Tally};

use self::cache::{Cache, Subject};
use self::folder::Folder;
use crate::Ended;
use crate::args::ReportArgs;
use crate::check::{expected_size, listen_for_interrupt, metered, outlook};
use crate::error::Error;
use crate::load::{self, Loaded};
use crate::print::{self, Tone};
use crate::{coverage, live, mutants};

/// What was measured.
const BENCHMARKS: &str = "benches/results.toml";

pub(crate) fn report(args: &ReportArgs) -> Result<Ended, Error> {
    let suite = load::select(&args.scenarios, false)?;
    let is_whole = args.scenarios.is_empty();
    let folder = Folder::open(&args.out)?;
    let benchmarks = benchmarks()?;
    let excuses = match is_whole {
        true => coverage::excuses()?,
        false => None,
    };
    let kept = (!args.no_cache).then(|| args.cache.clone());
    let mut maker = Maker {
        cache: Cache::open(kept),
        limits: Limits {
            threads: args.threads.unwrap_or_else(mutants::processors),
            interrupt: listen_for_interrupt()?,
            ..Limits::default()
        },
    };
    let Some(chapters) = maker.chapters(&suite)? else {
        return Ok(maker.interrupted(args));
    };
    let faults = match is_whole {
        false => None,
        true => match maker.faults(&suite)? {
            Some(faults) => Some(faults),
            None => return Ok(maker.interrupted(args)),
        },
    };
    if maker.cache.hits > 0 {
        let hits = maker.cache.hits;
        let kept = args.cache.display();
        print::say(&format!("{hits} of them unchanged, from {kept}"));
    }
    let files = site::site(&Parts {
        chapters: &chapters,
        faults: faults.as_deref(),
        excuses: excuses.as_ref(),
        benchmarks: &benchmarks,
    });
    folder.replace(&files)?;
    let digest = digests(args, &files, is_whole)?;
    let objections = match &excuses {
        Some(excuses) => {
            let bounded = chapters.iter().filter(|one| !one.is_live());
            let tallies: Vec<&Tally> = bounded.map(|one| &one.tally).collect();
            coverage::objections(&tallies, excuses)
        }
        None => Vec::new(),
    };
    let problems = problems(&chapters, faults.as_deref().unwrap_or_default());
    for problem in problems.iter().chain(&objections) {
        print::line(&print::toned(Tone::Bad, problem))?;
    }
    let bytes: usize = files.iter().map(|(_, content)| content.len()).sum();
    print::line(&format!(
        "{}: {} files, {}, digest b3:{digest}",
        args.out.join("index.html").display(),
        files.len(),
        ByteSize(bytes as u64).display().si(),
    ))?;
    Ok(match problems.is_empty() && objections.is_empty() {
        true => Ended::Met,
        false => Ended::Unmet,
    })
}

/// Explores what is not kept.
struct Maker {
    cache: Cache,
    limits: Limits,
}

impl Maker {
    /// What the site has of scenarios. `None`: Ctrl-C ended it.
    fn chapters(&mut self, suite: &[Loaded]) -> Result<Option<Vec<Chapter>>, Error> {
        let mut chapters = Vec::with_capacity(suite.len());
        for one in suite {
            let subject = Subject::scenario(one);
            if let Some(chapter) = self.cache.read(subject.as_ref()) {
                chapters.push(chapter);
                continue;
            }
            if self.is_interrupted() {
                return Ok(None);
            }
            let answer = answer(one, &self.limits)?;
            if answer.cut().is_some() {
                return Ok(None);
            }
            let Some(sizes) = sizes(one, &answer, &self.limits)? else {
                return Ok(None);
            };
            let chapter = Chapter::new(&answer, &sizes)?;
            self.cache.write(subject.as_ref(), &chapter);
            print::say(&format!(
                "{}: {} states",
                chapter.name,
                print::number(answer.unique)
            ));
            chapters.push(chapter);
        }
        Ok(Some(chapters))
    }

    /// The same of every known fault.
    fn faults(&mut self, suite: &[Loaded]) -> Result<Option<Vec<FaultChapter>>, Error> {
        let fit = |one: &&Loaded| one.is_live() || trial::is_fit(&one.scenario);
        let suite: Vec<Loaded> = suite.iter().filter(fit).cloned().collect();
        let mut chapters = Vec::with_capacity(Mutant::ALL.len());
        for mutant in Mutant::ALL {
            let subject = Subject::fault(mutant.name(), &suite);
            if let Some(chapter) = self.cache.read(subject.as_ref()) {
                chapters.push(chapter);
                continue;
            }
            if self.is_interrupted() {
                return Ok(None);
            }
            let trial = mutants::try_one(&self.limits, *mutant, &suite)?;
            if trial.is_met().is_none() {
                return Ok(None);
            }
            let chapter = FaultChapter::new(&trial)?;
            self.cache.write(subject.as_ref(), &chapter);
            print::say(&format!("{mutant}: {trial}"));
            chapters.push(chapter);
        }
        Ok(Some(chapters))
    }

    fn is_interrupted(&self) -> bool {
        self.limits.interrupt.load(Ordering::Relaxed)
    }

    /// Says that no site is written, since nothing that was cut is told as if it were known.
    fn interrupted(&self, args: &ReportArgs) -> Ended {
        let kept = match args.no_cache {
            true => "nothing is kept".to_owned(),
            false => format!("what was explored is kept in {}", args.cache.display()),
        };
        print::say(&format!("no site is written: interrupted; {kept}"));
        Ended::Truncated
    }
}

/// What a scenario answers, with all that is asked of it for the suite.
fn answer(one: &Loaded, limits: &Limits) -> Result<Answer, Error> {
    if one.is_live() {
        return live::explore(one, None, limits);
    }
    let name = &one.scenario.name;
    let world = one.world(None)?;
    let run = metered(name, |tell| {
        model::explore(&world, Reductions::ALL, &Storage::default(), limits, tell)
    })?;
    let mut expect = one.scenario.expect.clone();
    let size = expected_size(&expect, Reductions::ALL, &run);
    (expect.states, expect.depth) = (size.states, size.depth);
    let is_exhausted = run.ending == Ending::Exhausted;
    let mut answer = Answer::new(Arc::new(World::clone(&world).expecting(expect)), run);
    if is_exhausted {
        let pairs = metered(&format!("{name} (pairs)"), |tell| {
            Pairs::of(&world, Reductions::ALL, limits, tell)
        })?;
        match pairs {
            Ok(pairs) => answer.pairs = Some(pairs),
            Err(cut) => answer.unfinished = Some(cut),
        }
        answer = answer.with_outlook(outlook(name, &world, limits)?);
    }
    Ok(answer)
}

/// So many states without reductions are worth a look at each reduction alone.
const ALONE_MAX: u64 = 100_000;

/// How many states there would be with fewer reductions. `None`: Ctrl-C ended it.
fn sizes(one: &Loaded, answer: &Answer, limits: &Limits) -> Result<Option<Sizes>, Error> {
    let unreduced = one.scenario.expect.states.filter(|_| !one.is_live());
    let mut alone = Vec::new();
    let on: Vec<Reduction> = answer.reductions.iter().collect();
    if on.len() > 1 && unreduced.is_some_and(|states| states <= ALONE_MAX) {
        let world = one.world(None)?;
        for reduction in on {
            let name = format!("{} ({reduction} alone)", one.scenario.name);
            let run = metered(&name, |tell| {
                model::explore(&world, reduction.into(), &Storage::default(), limits, tell)
            })?;
            if !run.is_exhausted() {
                return Ok(None);
            }
            alone.push((reduction, run.unique));
        }
    }
    Ok(Some(Sizes { unreduced, alone }))
}

/// The digest of all digests. Those of the whole suite are written beside the site.
fn digests(args: &ReportArgs, files: &Files, is_whole: bool) -> Result<String, Error> {
    let name = args.out.file_name().unwrap_or(args.out.as_os_str());
    let name = name.to_string_lossy();
    let digests = folder::digests(files, &name);
    if is_whole {
        let path = args.out.with_file_name(format!("{name}.b3sum"));
        crate::saved::replace(&path, &digests)?;
    }
    // The site is the same wherever it is.
    let anywhere = folder::digests(files, "site");
    Ok(blake3::hash(anywhere.as_bytes()).to_hex()[..16].to_owned())
}

/// What is not as expected, a line each.
fn problems(chapters: &[Chapter], faults: &[FaultChapter]) -> Vec<String> {
    let unmet = chapters.iter().flat_map(|chapter| {
        let lines = chapter.unmet.iter();
        lines.map(|line| format!("{}: {line}", chapter.name))
    });
    let wrong = faults.iter().filter(|fault| fault.is_met != Some(true));
    let wrong = wrong.map(|fault| format!("{}: {}, which should not be", fault.name, fault.told));
    unmet.chain(wrong).collect()
}

/// What was measured; nothing, where nothing is written down.
fn benchmarks() -> Result<Benchmarks, Error> {
    let path = Path::new(BENCHMARKS);
    let wrong = |problem: String| Error::Benchmarks {
        path: path.to_path_buf(),
        problem,
    };
    match std::fs::read_to_string(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Benchmarks::default()),
        Err(error) => Err(wrong(error.to_string())),
        Ok(text) => toml::from_str(&text).map_err(|error| wrong(error.message().to_owned())),
    }
}
