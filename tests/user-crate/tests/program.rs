//! The same from a program: what a crate can do with a run besides testing.

use proofmark::{Format, Outcome, Report, Runner, Selection, Verdict, Workspace};

#[test]
fn a_program_runs_cases_and_reads_their_verdicts() -> Result<(), Box<dyn std::error::Error>> {
    let workspace = Workspace::open(env!("CARGO_MANIFEST_DIR"))?;
    let target = workspace.target("local")?.with_base_url(&inventory::start()?.url())?;
    assert_eq!(target.name(), "local");
    let selection = Selection { operations: vec!["GetItem".into()], ..Selection::default() };
    let plan = workspace.plan(&target, &selection)?;
    let will_run = plan.cases().filter(|(_, reason)| reason.is_none()).count();
    let (folder, mut seen) = (env!("CARGO_TARGET_TMPDIR").to_owned() + "/record", 0);
    let report = Runner::new(&workspace, target)?.on_case(|_, _| seen += 1).record(&folder).run_blocking(&plan)?;
    assert_eq!(report.outcome(), Outcome::Conformant, "{}", report.render(Format::Text));
    assert_eq!(report.cases().count(), plan.len());
    assert!(seen >= will_run);
    let read = Report::read(&folder)?;
    assert_eq!(read.outcome(), report.outcome());
    assert!(read.cases().eq(report.cases()));
    assert!(read.cases().any(|(_, verdict)| matches!(verdict, Verdict::Pass { .. })));
    assert!(read.render(Format::Json).starts_with('{'));
    Ok(())
}

#[test]
fn what_does_not_exist_is_an_error() -> Result<(), Box<dyn std::error::Error>> {
    let workspace = Workspace::open(env!("CARGO_MANIFEST_DIR"))?;
    let target = workspace.target("local")?;
    let named = |operation: &str| Selection { operations: vec![operation.into()], ..Selection::default() };
    assert!(workspace.plan(&target, &named("GetItems")).err().unwrap().to_string().contains("GetItem"));
    assert!(workspace.target("nowhere").is_err());
    assert!(Workspace::open("no/such/folder").is_err());
    assert!(target.with_base_url("127.0.0.1").is_err());
    Ok(())
}
