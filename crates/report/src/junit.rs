//! The answers as JUnit's XML, which CI services show.

use checker::{Cut, Ending};
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use crate::{Answer, Error, Found, Judged, Regression};

/// The answers as JUnit's XML: a suite for each scenario, a case for each property, for each size that
/// is expected, and for having explored everything. Then the scenarios that were not run, by name, and
/// the traces that are kept.
///
/// What is not as expected is a failure, with the path that shows it. What is not known is skipped, and
/// not to have explored everything is an error: nothing cut short passes as a whole.
///
/// # Errors
/// If it cannot be written as XML.
pub fn junit(
    answers: &[Answer],
    not_run: &[&str],
    regressions: &[Regression],
) -> Result<String, Error> {
    let mut report = Report::new("paxos check");
    report.add_test_suites(answers.iter().map(suite));
    for name in not_run {
        let mut suite = TestSuite::new(*name);
        suite.add_test_case(case(name, EXHAUSTED, error("not run")));
        report.add_test_suite(suite);
    }
    if !regressions.is_empty() {
        let mut suite = TestSuite::new(REGRESSIONS);
        for one in regressions {
            let status = match one.is_met {
                Some(true) => TestCaseStatus::success(),
                Some(false) => {
                    let problem = format!("expected {}, but it {}", one.expected, one.told);
                    failure(&problem, &one.subject)
                }
                None => error(&one.told),
            };
            suite.add_test_case(case(REGRESSIONS, &one.file, status));
        }
        report.add_test_suite(suite);
    }
    // The schema of Jenkins knows how many cases of a suite are skipped, and not how many of all.
    let skipped = format!(" skipped=\"{}\"", report.skipped);
    Ok(report.to_string()?.replacen(&skipped, "", 1))
}

/// The case that says whether everything was explored.
const EXHAUSTED: &str = "exhausted";

/// The suite of the traces that are kept.
const REGRESSIONS: &str = "regressions";

fn suite(answer: &Answer) -> TestSuite {
    let name = &answer.scenario().name;
    let mut suite = TestSuite::new(name.as_str());
    let mut add = |what: &str, status| {
        suite.add_test_case(case(name, what, status));
    };
    for judged in &answer.judged {
        add(judged.property, property(answer, judged));
    }
    let expect = &answer.scenario().expect;
    let sizes = [
        ("states", expect.states, answer.unique),
        (
            "depth",
            expect.depth.map(u64::from),
            u64::from(answer.depth),
        ),
    ];
    for (what, expected, found) in sizes {
        match (expected, answer.ending) {
            (None, _) => {}
            (Some(_), Ending::Truncated(cut)) => add(what, unknown(cut)),
            (Some(expected), Ending::Exhausted) if expected == found => {
                add(what, TestCaseStatus::success());
            }
            (Some(expected), Ending::Exhausted) => {
                let problem = format!("expected {expected}, found {found}");
                add(what, failure(&problem, ""));
            }
        }
    }
    for (disagreement, number) in answer.disagreements.iter().zip(1..) {
        let what = format!("engines agree ({number})");
        add(&what, failure(disagreement, ""));
    }
    let exhausted = match answer.cut() {
        None => TestCaseStatus::success(),
        Some(cut) => error(&format!("{cut}; what was not explored is unknown")),
    };
    add(EXHAUSTED, exhausted);
    suite
}

fn case(scenario: &str, what: &str, status: TestCaseStatus) -> TestCase {
    let mut case = TestCase::new(what, status);
    case.set_classname(scenario);
    case
}

fn property(answer: &Answer, judged: &Judged) -> TestCaseStatus {
    if let Found::Unknown(cut) = judged.found() {
        return unknown(cut);
    }
    let Some((false, expected)) = judged.is_met().zip(judged.expected) else {
        return TestCaseStatus::success();
    };
    let problem = format!("expected {expected}, found {}", judged.found());
    let steps = judged.lines(&answer.world).unwrap_or_default();
    failure(&problem, &steps.join("\n"))
}

fn unknown(cut: Cut) -> TestCaseStatus {
    let mut status = TestCaseStatus::skipped();
    status.set_message(format!("unknown: {cut}"));
    status
}

fn failure(problem: &str, more: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
    status.set_type("not as expected");
    status.set_message(problem);
    if !more.is_empty() {
        status.set_description(more);
    }
    status
}

fn error(problem: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
    status.set_type("truncated");
    status.set_message(problem);
    status
}
