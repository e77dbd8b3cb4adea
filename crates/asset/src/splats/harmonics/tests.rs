//! Turned harmonics give the colour that the unturned ones gave in the direction turned back.

use super::*;

/// Functions of bands 0 to 4 in the order of the coefficients; bands 1 to 3: rendering specification §B.7.
fn basis([x, y, z]: [f64; 3]) -> [f64; 25] {
    let (xx, yy, zz) = (x * x, y * y, z * z);
    [
        0.282_094_791_773_878_1,
        -0.488_602_511_902_92 * y,
        0.488_602_511_902_92 * z,
        -0.488_602_511_902_92 * x,
        1.092_548_430_592_079 * x * y,
        -1.092_548_430_592_079 * y * z,
        0.946_174_695_757_560_1 * zz - 0.315_391_565_252_520_1,
        -1.092_548_430_592_079 * x * z,
        0.546_274_215_296_039_5 * (xx - yy),
        -0.590_043_589_926_643_5 * y * (3.0 * xx - yy),
        2.890_611_442_640_554 * x * y * z,
        y * (0.457_045_799_464_465_8 - 2.285_228_997_322_329 * zz),
        z * (1.865_881_662_950_577 * zz - 1.119_528_997_770_346),
        x * (0.457_045_799_464_465_8 - 2.285_228_997_322_329 * zz),
        1.445_305_721_320_277 * z * (xx - yy),
        -0.590_043_589_926_643_5 * x * (xx - 3.0 * yy),
        2.503_342_941_796_704_6 * x * y * (xx - yy),
        -1.770_130_769_779_930_4 * y * z * (3.0 * xx - yy),
        0.946_174_695_757_560_1 * x * y * (7.0 * zz - 1.0),
        -0.669_046_543_557_289_2 * y * z * (7.0 * zz - 3.0),
        0.105_785_546_915_204_3 * (35.0 * zz * zz - 30.0 * zz + 3.0),
        -0.669_046_543_557_289_2 * x * z * (7.0 * zz - 3.0),
        0.473_087_347_878_780 * (xx - yy) * (7.0 * zz - 1.0),
        -1.770_130_769_779_930_4 * x * z * (xx - 3.0 * yy),
        0.625_835_735_449_176_1 * (xx * (xx - 3.0 * yy) - yy * (3.0 * xx - yy)),
    ]
}

fn colour(sh_rest: &[f32], direction: [f64; 3]) -> [f64; 3] {
    let values = basis(direction);
    let mut colour = [0.0; 3];
    for (coefficient, value) in sh_rest.as_chunks::<3>().0.iter().zip(&values[1..]) {
        for channel in 0..3 {
            colour[channel] += f64::from(coefficient[channel]) * value;
        }
    }
    colour
}

#[test]
fn colours_turn_with_the_splat() {
    // Half angles of some turns about the axes, one after the other.
    for (half_x, half_y, half_z) in
        [(0.0, 0.0, 0.0), (0.7, 0.0, 0.0), (0.3, -1.1, 2.0), (1.5, 0.1, -0.4)]
    {
        let about = |axis: usize, half: f64| {
            let (sine, cosine) = (libm::sin(2.0 * half), libm::cos(2.0 * half));
            let (a, b) = ((axis + 1) % 3, (axis + 2) % 3);
            let mut matrix = [[0.0; 3]; 3];
            matrix[axis][axis] = 1.0;
            (matrix[a][a], matrix[a][b], matrix[b][a], matrix[b][b]) =
                (cosine, -sine, sine, cosine);
            matrix
        };
        let times = |left: [[f64; 3]; 3], right: [[f64; 3]; 3]| {
            left.map(|row| {
                [0, 1, 2].map(|column| (0..3).map(|k| row[k] * right[k][column]).sum::<f64>())
            })
        };
        let matrix = times(about(2, half_z), times(about(1, half_y), about(0, half_x)));
        for is_mirrored in [false, true] {
            let turn = Turn::new(matrix, is_mirrored);
            for n_rest in [9, 24, 45, 72] {
                let before: Vec<f32> =
                    (0..n_rest).map(|idx| (idx as f32 * 7.3) % 2.1 - 1.0).collect();
                let mut after = before.clone();
                turn.apply(&mut after);
                for direction in
                    [[1.0, 0.0, 0.0], [0.0, 0.6, -0.8], [-2.0 / 3.0, 1.0 / 3.0, 2.0 / 3.0]]
                {
                    let mirror = if is_mirrored { -1.0 } else { 1.0 };
                    let turned = matrix.map(|row| {
                        mirror
                            * (row[0] * direction[0]
                                + row[1] * direction[1]
                                + row[2] * direction[2])
                    });
                    let (expected, found) = (colour(&before, direction), colour(&after, turned));
                    for channel in 0..3 {
                        let error = (expected[channel] - found[channel]).abs();
                        assert!(
                            error < 4e-6,
                            "{n_rest} values, mirrored {is_mirrored}: error {error}"
                        );
                    }
                }
            }
        }
    }
}
