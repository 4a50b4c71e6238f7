use untorn_crash::*;
use untorn_txn::WayChoice;

#[test]
fn ones() {
    let start = std::time::Instant::now();
    let mut total = Count::default();
    let disks = std::env::var("DISKS").unwrap_or("strict".into());
    let mut failures = std::collections::BTreeMap::<String, (u32, String)>::new();
    for disk in DISKS.iter().filter(|d| disks.split(',').any(|x| x == **d || x == "all")) {
        for way in [WayChoice::Auto, WayChoice::Put, WayChoice::Patch, WayChoice::Clone] {
            for keep_undo in [false, true] {
                for (name, _) in OPS {
                    let workload = Workload::new(World { disk, way, keep_undo }, &[name]);
                    if *name == "write-d" || *name == "large-b" || *name == "mkdir-bk" || *name == "link-d" {
                        continue;
                    }
                    match explore(&workload, &Depth::of(10, 128, 16)) {
                        Ok(count) => total.add(count),
                        Err(error) => {
                            let e = error.to_string();
                            let key = e.lines().next().unwrap_or_default().chars().take(60).collect::<String>();
                            let f = failures.entry(key).or_insert((0, e));
                            f.0 += 1;
                        }
                    }
                }
            }
        }
    }
    println!("{total:?} in {:?}", start.elapsed());
    for (n, e) in failures.values() {
        println!("{n}x {e}");
    }
    assert!(failures.is_empty());
}

#[test]
fn twos() {
    let start = std::time::Instant::now();
    let mut total = Count::default();
    let disks = std::env::var("DISKS").unwrap_or("strict".into());
    let mut failures = std::collections::BTreeMap::<String, (u32, String)>::new();
    let (mut refused, mut valid) = (0, 0);
    let before = untorn_sim::Snapshot::of_image(&World::strict().managed().unwrap().image(), ".untorn");
    for disk in DISKS.iter().filter(|d| disks.split(',').any(|x| x == **d || x == "all")) {
        for way in if std::env::var("LESS").is_ok() {
            vec![WayChoice::Auto, WayChoice::Put]
        } else {
            vec![WayChoice::Auto, WayChoice::Put, WayChoice::Patch, WayChoice::Clone]
        } {
            for keep_undo in [false, true] {
                for (one, _) in OPS {
                    for (two, _) in OPS {
                        if std::env::var("CASE").is_ok() && *two != "case-a" {
                            continue;
                        }
                        if *one == "case-a" || *one == "large-b" || *two == "large-b" {
                            continue;
                        }
                        let workload = Workload::new(World { disk, way, keep_undo }, &[one, two]);
                        if workload.expected(&before).is_none() {
                            refused += 1;
                            let fs = workload.before().unwrap();
                            match workload.perform(std::sync::Arc::new(fs.clone())) {
                                Ok(()) => {
                                    failures.entry("should be refused".into()).or_insert((0, workload.to_string())).0 += 1;
                                }
                                Err(e) if e.state() != untorn_txn::TreeState::Unchanged => {
                                    failures.entry(e.to_string()).or_insert((0, workload.to_string())).0 += 1;
                                }
                                Err(_) => {}
                            }
                            continue;
                        }
                        valid += 1;
                        for w in [workload.clone(), Workload { kind: Kind::RollBack, ..workload }] {
                            match explore(&w, &Depth::of(3, 8, 2)) {
                                Ok(count) => total.add(count),
                                Err(error) if error.to_string().contains("NO-UNDO") && before == w.expected(&before).unwrap() => {
                                }
                                Err(error) => {
                                    let e = error.to_string();
                                    let key =
                                        e.split(": ").skip(1).next().unwrap_or_default().chars().take(40).collect::<String>();
                                    let f = failures.entry(key).or_insert((0, e));
                                    f.0 += 1;
                                }
                            }
                        }
                    }
                }
            }
        }
    }
    println!("{total:?} in {:?} refused {refused} valid {valid}", start.elapsed());
    for (n, e) in failures.values() {
        println!("{n}x {e}");
    }
    assert!(failures.is_empty());
}

#[test]
fn kills() {
    let start = std::time::Instant::now();
    let mut total = Count::default();
    let disks = std::env::var("DISKS").unwrap_or("strict".into());
    let kinds: Vec<_> = std::env::var("KINDS")
        .unwrap_or("kill".into())
        .split(',')
        .map(|k| fault(k.trim_end_matches('+'), k.ends_with('+')).unwrap())
        .collect();
    let mut failures = std::collections::BTreeMap::<String, (u32, String)>::new();
    for disk in DISKS.iter().filter(|d| disks.split(',').any(|x| x == **d || x == "all")) {
        for way in [WayChoice::Auto, WayChoice::Put] {
            for keep_undo in [false, true] {
                for (name, _) in OPS {
                    let workload = Workload::new(World { disk, way, keep_undo }, &[name]);
                    if *name == "write-d" || *name == "large-b" || *name == "mkdir-bk" || *name == "link-d" {
                        continue;
                    }
                    match explore_faults(&workload, &kinds, &Depth::of(1, 2, 1)) {
                        Ok(count) => total.add(count),
                        Err(error) => {
                            let e = error.to_string();
                            let key = e.lines().next().unwrap_or_default().chars().take(60).collect::<String>();
                            let f = failures.entry(key).or_insert((0, e));
                            f.0 += 1;
                        }
                    }
                }
            }
        }
    }
    println!("{total:?} in {:?}", start.elapsed());
    for (n, e) in failures.values() {
        println!("{n}x {e}");
    }
    assert!(failures.is_empty());
}
#[test]
fn again() {
    let Ok(s) = std::env::var("UNTORN_REPLAY") else { return };
    let x = replay(&s);
    if let Err(e) = &x {
        println!("{e}");
    }
    x.unwrap();
}
