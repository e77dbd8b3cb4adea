//! What a file has besides its splats is told, not passed over.

use asset::spz;

use crate::make;

fn lost(file: &[u8], name: &str) -> Vec<String> {
    let nothing_beside = &mut |name: &str| Err(format!("there is no {name}"));
    convert::read(file, Some(file.len() as u64), Some(name), nothing_beside).unwrap().losses
}

#[test]
fn of_a_ply_elements_properties_and_comments() {
    let plain = ["x", "y", "z", "nx", "ny", "nz", "f_dc_0", "f_dc_1", "f_dc_2", "opacity"];
    let turned = ["scale_0", "scale_1", "scale_2", "rot_0", "rot_1", "rot_2", "rot_3"];
    let ply = |others: &str, comments: &str, after: &str, n_others: usize| {
        let property = |name: &&str| format!("property float {name}\n");
        let known: String = plain.iter().chain(&turned).map(property).collect();
        let values = "1 ".repeat(plain.len() + turned.len() + n_others);
        format!(
            "ply\nformat ascii 1.0\n{comments}element vertex 1\n{known}{others}{after}end_header\n{values}\n"
        )
    };
    assert_eq!(lost(ply("", "", "", 0).as_bytes(), "a.ply"), [""; 0]);
    let file = ply(
        "property uchar label\nproperty float time\n",
        "comment by hand\nobj_info none\n",
        "element camera 0\nproperty float fov\n",
        2,
    );
    insta::assert_debug_snapshot!(lost(file.as_bytes(), "a.ply"), @r#"
    [
        "element vertex: property label, time",
        "comments of the header: 2",
    ]
    "#);
    let file = ply("", "", "element camera 2\nproperty float fov\n", 0) + "30\n40\n";
    insta::assert_debug_snapshot!(lost(file.as_bytes(), "a.ply"), @r#"
    [
        "element camera",
    ]
    "#);
    let many: String = (0..1000).map(|idx| format!("property uchar p{idx}\n")).collect();
    insta::assert_debug_snapshot!(lost(ply(&many, "", "", 1000).as_bytes(), "a.ply"), @r#"
    [
        "element vertex: property p0, p1, p2, p3, p4, p5, p6, p7 and 992 more",
    ]
    "#);
}

#[test]
fn of_our_own_files_nothing() {
    let splats = make::figure(300, 1);
    let mut file = Vec::new();
    asset::ply::write(&splats, &mut file).unwrap();
    assert_eq!(lost(&file, "a.ply"), [""; 0]);
    file.clear();
    asset::compressed_ply::write(&splats, asset::compressed_ply::Order::Kept, &mut file).unwrap();
    assert_eq!(lost(&file, "a.ply"), [""; 0]);
}

#[test]
fn of_an_spz_the_mark_of_antialiasing() {
    let splats = make::figure(300, 1);
    for is_antialiased in [false, true] {
        let mut file = Vec::new();
        let options = spz::Options { is_antialiased, ..spz::Options::from(spz::Version::V3) };
        spz::write(&splats, options, &mut file).unwrap();
        assert_eq!(lost(&file, "a.spz").len(), usize::from(is_antialiased));
    }
}
