//! The public API, as a program uses it.

use proofmark::{Error, Format, Origin, Outcome, Report, Runner, Selection, Verdict, Workspace};

fn written(operation: &str) -> Selection {
    let (operations, origin) = (vec![operation.to_owned()], Some(Origin::Written));
    Selection { operations, origin, ..Selection::default() }
}

#[test]
fn a_program_judges_a_target_and_reads_the_record() -> Result<(), Error> {
    let workspace = Workspace::bundled()?;
    let target = workspace.target("reference")?;
    let plan = workspace.plan(&target, &written("DescribeConnections"))?;
    let folder = tempfile::tempdir()?;
    let (folder, mut seen) = (folder.path().join("record"), 0);
    let runner = Runner::new(&workspace, target)?.record(&folder).on_case(|_, _| seen += 1);
    let report = runner.run_blocking(&plan)?;
    assert_eq!(report.outcome(), Outcome::Conformant, "{}", report.render(Format::Text));
    assert!(seen >= plan.len());
    let passes = report.cases().filter(|(_, verdict)| matches!(verdict, Verdict::Pass { .. }));
    assert_eq!(passes.count(), plan.len());
    let read = Report::read(&folder)?;
    assert!(read.cases().eq(report.cases()));
    assert!(read.render(Format::Junit).contains("dms::DescribeConnections"));
    Ok(())
}

#[test]
fn an_unreachable_target_is_neither_conformant_nor_broken() -> Result<(), Error> {
    let workspace = Workspace::bundled()?;
    let target = workspace.target("reference")?.with_base_url("http://127.0.0.1:1")?;
    let plan = workspace.plan(&target, &written("DescribeConnections"))?;
    let report = Runner::new(&workspace, target)?.run_blocking(&plan)?;
    assert_eq!(report.outcome(), Outcome::Undetermined);
    assert!(report.cases().all(|(_, verdict)| matches!(verdict, Verdict::Error { .. })));
    Ok(())
}

#[test]
fn names_that_do_not_exist_are_errors() -> Result<(), Error> {
    let workspace = Workspace::bundled()?;
    let target = workspace.target("reference")?;
    assert!(workspace.plan(&target, &written("DescribeConnection")).is_err());
    assert!(workspace.target("nowhere").is_err());
    assert!(Workspace::open("no/such/folder").is_err());
    for url in ["127.0.0.1:1", "ftp://127.0.0.1", "http://target.example"] {
        assert!(target.clone().with_base_url(url).is_err(), "{url}");
    }
    Ok(())
}
