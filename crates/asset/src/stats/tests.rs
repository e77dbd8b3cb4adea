//! The text that people see, and the figures of a broken asset.

use insta::assert_snapshot;

use super::*;
use crate::SplatsParts;

fn ramp(splat_count: usize) -> SplatsParts {
    let part = |idx: usize| idx as f32 / splat_count as f32;
    SplatsParts {
        positions: (0..splat_count).map(|idx| [part(idx), -2.0 * part(idx), 0.25]).collect(),
        log_scales: (0..splat_count).map(|idx| [-5.0, -5.0 + part(idx), -6.0]).collect(),
        rotations: vec![[1.0, 0.0, 0.0, 0.0]; splat_count],
        raw_opacities: (0..splat_count).map(|idx| 10.0 * part(idx) - 5.0).collect(),
        sh_dc: vec![[0.0; 3]; splat_count],
        sh_degree: ShDegree::THREE,
        sh_rest: vec![0.0; 45 * splat_count],
    }
}

#[test]
fn for_people() {
    let mut parts = ramp(1000);
    assert_snapshot!(Stats::of(&Splats::new(parts.clone()).unwrap()), @"
    splats      1000
    SH degree   3
    box                 x        y        z
      min               0  -1.9980   0.2500
      max          0.9990        0   0.2500
      size         0.9990   1.9980        0
    quantiles         min      1 %     25 %     50 %     75 %     99 %      max
      scale        0.0025   0.0025   0.0025   0.0067   0.0086   0.0178   0.0183
      opacity      0.0067   0.0073   0.0752   0.4975   0.9234   0.9925   0.9932
      anisotropy   2.7183   2.7429   3.4869   4.4772   5.7489   7.3082   7.3817
    not finite  none
    rotations of length zero  0
    memory      230.5 KiB
    GPU memory  371.1 KiB (estimate, one 518² view)
    ");
    parts.positions[3][1] = f32::NEG_INFINITY;
    parts.rotations[4] = [0.0; 4];
    parts.sh_rest[5] = f32::NAN;
    parts.sh_rest[6] = f32::INFINITY;
    parts.raw_opacities[0] = f32::INFINITY;
    assert_snapshot!(Stats::of(&Splats::new(parts).unwrap()), @"
    splats      1000
    SH degree   3
    box                 x        y        z
      min               0  -1.9980   0.2500
      max          0.9990        0   0.2500
      size         0.9990   1.9980        0
    quantiles         min      1 %     25 %     50 %     75 %     99 %      max
      scale        0.0025   0.0025   0.0025   0.0067   0.0086   0.0178   0.0183
      opacity      0.0068   0.0074   0.0759   0.5000   0.9241   0.9926   1.0000
      anisotropy   2.7183   2.7429   3.4869   4.4772   5.7489   7.3082   7.3817
    not finite  positions: 0 NaN, 1 infinite
    not finite  raw_opacities: 0 NaN, 1 infinite
    not finite  sh_rest: 1 NaN, 1 infinite
    rotations of length zero  1
    memory      230.5 KiB
    GPU memory  371.1 KiB (estimate, one 518² view)
    ");
}

#[test]
fn for_programs() {
    insta::assert_json_snapshot!(Stats::of(&Splats::new(ramp(4)).unwrap()), @r#"
    {
      "splat_count": 4,
      "sh_degree": 3,
      "bounds": {
        "min": [
          0.0,
          -1.5,
          0.25
        ],
        "max": [
          0.75,
          -0.0,
          0.25
        ]
      },
      "scale": {
        "min": 0.0024787523,
        "p01": 0.0024787523,
        "p25": 0.0024787523,
        "p50": 0.006737947,
        "p75": 0.006737947,
        "p99": 0.014264233,
        "max": 0.014264233
      },
      "opacity": {
        "min": 0.006692851,
        "p01": 0.006692851,
        "p25": 0.006692851,
        "p50": 0.075858176,
        "p75": 0.5,
        "p99": 0.9241418,
        "max": 0.9241418
      },
      "anisotropy": {
        "min": 2.7182817,
        "p01": 2.7182817,
        "p25": 2.7182817,
        "p50": 3.490343,
        "p75": 4.481689,
        "p99": 5.7546024,
        "max": 5.7546024
      },
      "non_finite": {
        "positions": {
          "nan": 0,
          "infinite": 0
        },
        "log_scales": {
          "nan": 0,
          "infinite": 0
        },
        "rotations": {
          "nan": 0,
          "infinite": 0
        },
        "raw_opacities": {
          "nan": 0,
          "infinite": 0
        },
        "sh_dc": {
          "nan": 0,
          "infinite": 0
        },
        "sh_rest": {
          "nan": 0,
          "infinite": 0
        }
      },
      "zero_rotations": 0,
      "memory_bytes": 944,
      "gpu_bytes_estimate": 1520
    }
    "#);
}

#[test]
fn an_empty_asset_and_one_of_nothing_but_nan() {
    assert_snapshot!(Stats::of(&Splats::default()), @"
    splats      0
    SH degree   0
    box         no finite centre
    quantiles         min      1 %     25 %     50 %     75 %     99 %      max
    not finite  none
    rotations of length zero  0
    memory      0 bytes
    GPU memory  0 bytes (estimate, one 518² view)
    ");
    let mut parts = ramp(2);
    parts.positions.fill([f32::NAN; 3]);
    parts.log_scales.fill([f32::NAN; 3]);
    parts.raw_opacities.fill(f32::NAN);
    assert_snapshot!(Stats::of(&Splats::new(parts).unwrap()), @"
    splats      2
    SH degree   3
    box         no finite centre
    quantiles         min      1 %     25 %     50 %     75 %     99 %      max
    not finite  positions: 6 NaN, 0 infinite
    not finite  log_scales: 6 NaN, 0 infinite
    not finite  raw_opacities: 2 NaN, 0 infinite
    rotations of length zero  0
    memory      472 bytes
    GPU memory  760 bytes (estimate, one 518² view)
    ");
}

#[test]
fn quantiles_are_by_nearest_rank() {
    let hundred = Quantiles::of((1..=100).rev().map(|n| n as f32).collect()).unwrap();
    let expected =
        Quantiles { min: 1.0, p01: 1.0, p25: 25.0, p50: 50.0, p75: 75.0, p99: 99.0, max: 100.0 };
    assert_eq!(hundred, expected);
    assert_eq!(Quantiles::of(vec![7.0]).unwrap().p99.to_bits(), 7.0_f32.to_bits());
}
