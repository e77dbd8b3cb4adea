//! What was found: one finding per rule, groups by outcome, a verdict; as text and as JSON.

use std::fmt;

use serde::Serialize;

use super::rule::{Contract, Rule, TABLE};

/// How a rule fared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Not looked at, and why is said.
    Skipped,
    /// As expected.
    Pass,
    /// Not as expected, but no client is known to mind; or a matter of this machine.
    Warn,
    /// Broken.
    Fail,
}

impl Outcome {
    /// Worst first, as reports list them.
    pub const WORST_FIRST: [Self; 4] = [Self::Fail, Self::Warn, Self::Skipped, Self::Pass];

    /// The word in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Skipped => "skipped",
            Self::Pass => "pass",
            Self::Warn => "warn",
            Self::Fail => "FAIL",
        }
    }
}

/// One rule and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The rule.
    #[serde(flatten)]
    pub rule: Rule,
    /// How it fared.
    pub outcome: Outcome,
    /// What came, or why it was skipped. One line, control characters removed.
    pub came: String,
}

/// What the whole check says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// No rule is broken.
    Keeps,
    /// A rule is broken.
    Breaks,
    /// No rule is known to be broken, but time ran out or the service went away.
    Undecided,
}

/// The findings of one check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The service.
    pub url: String,
    /// Which contract it was held to; none when it never answered.
    pub contract: Option<Contract>,
    /// What the whole check says.
    pub verdict: Verdict,
    /// Every rule of the contract, in the order of [`TABLE`].
    pub findings: Vec<Finding>,
    /// Wall time, milliseconds.
    pub took_ms: u64,
    /// Why the check ended before its end, if it did.
    pub ended_early: Option<String>,
}

impl Report {
    /// Codes with this outcome, in order.
    #[must_use]
    pub fn codes(&self, outcome: Outcome) -> Vec<&'static str> {
        let with = self.findings.iter().filter(|finding| finding.outcome == outcome);
        with.map(|finding| finding.rule.code).collect()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for outcome in Outcome::WORST_FIRST {
            for Finding { rule, came, .. } in self.of(outcome) {
                writeln!(f, "{:<7} {:<4} {}", outcome.name(), rule.code, rule.title)?;
                match outcome {
                    Outcome::Fail | Outcome::Warn => {
                        writeln!(f, "        expected: {}", rule.expected)?;
                        writeln!(f, "        came:     {came}")?;
                        writeln!(f, "        do:       {}", rule.advice)?;
                    }
                    Outcome::Pass if came.is_empty() => {}
                    Outcome::Pass | Outcome::Skipped => writeln!(f, "        {came}")?,
                }
            }
        }
        let count = |outcome| self.of(outcome).count();
        let contract = self.contract.map_or("no", Contract::name);
        let verdict = match self.verdict {
            Verdict::Keeps => "keeps to its contract",
            Verdict::Breaks => "does not keep to its contract",
            Verdict::Undecided => "not decided",
        };
        writeln!(
            f,
            "\n{}: {contract} contract, {} failed, {} warned, {} passed, {} skipped, {}.{} s",
            self.url,
            count(Outcome::Fail),
            count(Outcome::Warn),
            count(Outcome::Pass),
            count(Outcome::Skipped),
            self.took_ms / 1000,
            self.took_ms % 1000 / 100,
        )?;
        if let Some(why) = &self.ended_early {
            writeln!(f, "{}: ended early: {why}", self.url)?;
        }
        write!(f, "{}: {verdict}", self.url)
    }
}

impl Report {
    fn of(&self, outcome: Outcome) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(move |finding| finding.outcome == outcome)
    }
}

/// Findings as they come. The worst one of a rule stays; of equals the first.
#[derive(Debug, Default)]
pub(super) struct Findings(Vec<Finding>);

impl Findings {
    pub(super) fn record(&mut self, rule: Rule, outcome: Outcome, came: impl fmt::Display) {
        let finding = Finding { rule, outcome, came: tame(&came.to_string()) };
        match self.0.iter_mut().find(|known| known.rule.code == rule.code) {
            Some(known) if known.outcome >= outcome => {}
            Some(known) => *known = finding,
            None => self.0.push(finding),
        }
    }

    pub(super) fn outcome(&self, rule: Rule) -> Option<Outcome> {
        self.0.iter().find(|known| known.rule.code == rule.code).map(|known| known.outcome)
    }

    /// Every rule of the contract in order; those without a finding were skipped because of `why_not`.
    pub(super) fn complete(self, contract: Contract, why_not: &str) -> Vec<Finding> {
        let of = |rule: &&Rule| rule.contract == contract;
        let found = |rule: &Rule| {
            let known = self.0.iter().find(|known| known.rule.code == rule.code).cloned();
            let skipped =
                || Finding { rule: *rule, outcome: Outcome::Skipped, came: why_not.to_owned() };
            known.unwrap_or_else(skipped)
        };
        TABLE.iter().filter(of).map(found).collect()
    }

    pub(super) fn any(&self, outcome: Outcome) -> bool {
        self.0.iter().any(|finding| finding.outcome == outcome)
    }
}

/// Longest text in a finding, in characters.
const CAME_CHARS_MAX: usize = 400;

/// One line without control characters, at most [`CAME_CHARS_MAX`] characters.
fn tame(text: &str) -> String {
    let mut line: String =
        text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(CAME_CHARS_MAX).collect();
    if text.chars().nth(CAME_CHARS_MAX).is_some() {
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use super::super::rule;
    use super::*;

    #[test]
    fn the_worst_finding_of_a_rule_stays() {
        let mut findings = Findings::default();
        findings.record(rule::S_JPEG, Outcome::Pass, "200");
        findings.record(rule::S_JPEG, Outcome::Fail, "500 \u{1b}[31m\nred");
        findings.record(rule::S_JPEG, Outcome::Fail, "second");
        findings.record(rule::S_JPEG, Outcome::Warn, "third");
        let all = findings.complete(Contract::SingleShot, "not reached");
        let jpeg = all.iter().find(|finding| finding.rule == rule::S_JPEG).expect("it is there");
        assert_eq!((jpeg.outcome, jpeg.came.as_str()), (Outcome::Fail, "500  [31m red"));
        assert!(
            all.iter().filter(|finding| finding.came == "not reached").count() == all.len() - 1
        );
    }

    #[test]
    fn a_report_to_act_on() {
        let mut findings = Findings::default();
        findings.record(rule::S_PNG, Outcome::Fail, "415 unsupported");
        findings.record(rule::S_TYPE, Outcome::Warn, "model/gltf-binary");
        findings.record(rule::S_JPEG, Outcome::Pass, "");
        let mut findings = findings.complete(Contract::SingleShot, "left out by --quick");
        findings.retain(|finding| finding.outcome != Outcome::Skipped || finding.rule.code == "S5");
        let report = Report {
            url: "http://pod".into(),
            contract: Some(Contract::SingleShot),
            verdict: Verdict::Breaks,
            findings,
            took_ms: 1234,
            ended_early: None,
        };
        insta::assert_snapshot!(report, @r"
        FAIL    S2b  a PNG called prompt.jpg
                expected: 2xx and a model: every picture is sent as prompt.jpg of type image/jpeg
                came:     415 unsupported
                do:       Decode pictures by their content, not by their name or type.
        warn    S4d  type of the body
                expected: Content-Type: application/octet-stream
                came:     model/gltf-binary
                do:       Send the model as application/octet-stream.
        skipped S5   the next request while a body still streams
                left out by --quick
        pass    S2a  a JPEG

        http://pod: single-shot contract, 1 failed, 1 warned, 1 passed, 1 skipped, 1.2 s
        http://pod: does not keep to its contract
        ");
        assert_eq!(report.codes(Outcome::Fail), ["S2b"]);
    }
}
