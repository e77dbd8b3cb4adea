//! Adam over the raw values of a set of splats, with one learning rate per attribute.
//! Source: Kingma and Ba, "Adam: a method for stochastic optimization", 2015, algorithm 1.

use asset::Splats;
use rayon::prelude::*;

use crate::grad::Gradients;

/// Learning rates: about how far one step moves a value of each attribute. 0 freezes the attribute.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rates {
    /// Metres.
    pub position: f32,
    /// Of the natural logarithm of the scale.
    pub log_scale: f32,
    /// Of the components of the raw quaternion.
    pub rotation: f32,
    /// Of the logit of the opacity.
    pub raw_opacity: f32,
    /// Of the SH coefficients of degree 0.
    pub sh_dc: f32,
    /// Of the SH coefficients above degree 0.
    pub sh_rest: f32,
}

impl Rates {
    /// Nothing moves: a base to set single rates on.
    pub const FROZEN: Self = Self {
        position: 0.0,
        log_scale: 0.0,
        rotation: 0.0,
        raw_opacity: 0.0,
        sh_dc: 0.0,
        sh_rest: 0.0,
    };

    /// What 3DGS training uses, in a scene about one metre across.
    pub const TRAINING: Self = Self {
        position: 1.6e-4,
        log_scale: 5e-3,
        rotation: 1e-3,
        raw_opacity: 5e-2,
        sh_dc: 2.5e-3,
        sh_rest: 1.25e-4,
    };
}

/// Running means of the gradient and of its square, for every raw value. The same steps give the same bits on any number
/// of threads.
#[derive(Debug, Clone)]
pub struct Adam {
    /// May be changed between steps (decay, freezing).
    pub rates: Rates,
    /// Decay of the mean of the gradient.
    pub beta1: f32,
    /// Decay of the mean of its square.
    pub beta2: f32,
    /// Added to the root of the mean square.
    pub epsilon: f32,
    mean: Gradients,
    mean_square: Gradients,
    /// β₁ and β₂ to the power of the steps taken.
    decayed: [f64; 2],
}

/// The gradient, or the state of an [`Adam`], belongs to other splats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{what} is for {found} values, the splats have {expected}")]
pub struct ShapeError {
    /// What does not fit.
    pub what: &'static str,
    /// Number of values it has.
    pub found: usize,
    /// Number of values of the splats.
    pub expected: usize,
}

impl Adam {
    /// No step taken yet; β₁ 0.9, β₂ 0.999, ε 1e−15 as 3DGS training (its gradients are tiny: means over pixels).
    #[must_use]
    pub fn new(splats: &Splats, rates: Rates) -> Self {
        Self {
            rates,
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-15,
            mean: Gradients::zero(splats),
            mean_square: Gradients::zero(splats),
            decayed: [1.0; 2],
        }
    }

    /// Moves every value of `splats` against its gradient, one step. An attribute whose rate is 0 keeps its values and its
    /// state.
    ///
    /// # Errors
    /// When `gradients` or the state is for another number of splats or another SH degree: see [`Adam::follow`].
    pub fn step(&mut self, splats: &mut Splats, gradients: &Gradients) -> Result<(), ShapeError> {
        let shape = |g: &Gradients| [g.positions.len(), g.sh_rest.len()];
        let wanted = [splats.len(), splats.len() * splats.sh_degree().rest_values()];
        for (what, found) in [("the gradient", gradients), ("the state of Adam", &self.mean)] {
            for (found, expected) in shape(found).into_iter().zip(wanted) {
                if found != expected {
                    return Err(ShapeError { what, found, expected });
                }
            }
        }

        self.decayed[0] *= f64::from(self.beta1);
        self.decayed[1] *= f64::from(self.beta2);
        let rule = Rule {
            beta1: self.beta1,
            beta2: self.beta2,
            epsilon: self.epsilon,
            per_mean: (1.0 / (1.0 - self.decayed[0])) as f32,
            per_mean_square: (1.0 / (1.0 - self.decayed[1])) as f32,
        };
        let (m, v, g, rates) = (&mut self.mean, &mut self.mean_square, gradients, self.rates);
        let mut parts = std::mem::take(splats).into_parts();
        let flat3 = <[[f32; 3]]>::as_flattened;
        rule.step(
            rates.position,
            parts.positions.as_flattened_mut(),
            m.positions.as_flattened_mut(),
            v.positions.as_flattened_mut(),
            flat3(&g.positions),
        );
        rule.step(
            rates.log_scale,
            parts.log_scales.as_flattened_mut(),
            m.log_scales.as_flattened_mut(),
            v.log_scales.as_flattened_mut(),
            flat3(&g.log_scales),
        );
        rule.step(
            rates.rotation,
            parts.rotations.as_flattened_mut(),
            m.rotations.as_flattened_mut(),
            v.rotations.as_flattened_mut(),
            g.rotations.as_flattened(),
        );
        rule.step(
            rates.raw_opacity,
            &mut parts.raw_opacities,
            &mut m.raw_opacities,
            &mut v.raw_opacities,
            &g.raw_opacities,
        );
        rule.step(
            rates.sh_dc,
            parts.sh_dc.as_flattened_mut(),
            m.sh_dc.as_flattened_mut(),
            v.sh_dc.as_flattened_mut(),
            flat3(&g.sh_dc),
        );
        rule.step(rates.sh_rest, &mut parts.sh_rest, &mut m.sh_rest, &mut v.sh_rest, &g.sh_rest);
        if let Ok(moved) = Splats::new(parts) {
            *splats = moved; // Always: no length has changed.
        }
        Ok(())
    }

    /// Follows a change of the set of splats: new splat `i` was splat `from[i]` before and keeps its state, or is new and
    /// starts without. For pruning, cloning, splitting and reordering. An index that was never there counts as new.
    pub fn follow(&mut self, from: &[Option<u32>]) {
        fn pick<T: Copy + Default>(values: &mut Vec<T>, from: &[Option<u32>]) {
            let at = |old: &Option<u32>| old.and_then(|old| values.get(old as usize).copied());
            *values = from.iter().map(|old| at(old).unwrap_or_default()).collect();
        }
        for state in [&mut self.mean, &mut self.mean_square] {
            let n_rest = state.sh_rest.len().checked_div(state.positions.len()).unwrap_or(0);
            let rest = |old: &Option<u32>| {
                let start = old.map_or(usize::MAX, |old| old as usize * n_rest);
                let old = state.sh_rest.get(start..start.saturating_add(n_rest));
                old.map_or_else(|| vec![0.0; n_rest], <[f32]>::to_vec)
            };
            state.sh_rest = from.iter().flat_map(rest).collect();
            pick(&mut state.positions, from);
            pick(&mut state.log_scales, from);
            pick(&mut state.rotations, from);
            pick(&mut state.raw_opacities, from);
            pick(&mut state.sh_dc, from);
        }
    }
}

/// Splats per unit of parallel work; the result does not depend on it.
const VALUES_PER_TASK: usize = 1 << 14;

/// One step of the algorithm, on flat values of one attribute.
#[derive(Debug, Clone, Copy)]
struct Rule {
    beta1: f32,
    beta2: f32,
    epsilon: f32,
    /// 1/(1 − β₁ᵗ), the correction of the bias of the mean.
    per_mean: f32,
    /// 1/(1 − β₂ᵗ)
    per_mean_square: f32,
}

impl Rule {
    fn step(self, rate: f32, values: &mut [f32], m: &mut [f32], v: &mut [f32], g: &[f32]) {
        if rate == 0.0 {
            return;
        }
        let chunks = values
            .par_chunks_mut(VALUES_PER_TASK)
            .zip(m.par_chunks_mut(VALUES_PER_TASK))
            .zip(v.par_chunks_mut(VALUES_PER_TASK))
            .zip(g.par_chunks(VALUES_PER_TASK));
        chunks.for_each(|(((values, m), v), g)| {
            for (((value, m), v), g) in values.iter_mut().zip(m).zip(v).zip(g) {
                *m = self.beta1 * *m + (1.0 - self.beta1) * g;
                *v = self.beta2 * *v + (1.0 - self.beta2) * g * g;
                let root = (*v * self.per_mean_square).sqrt();
                *value -= rate * (*m * self.per_mean) / (root + self.epsilon);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use asset::SplatsParts;

    fn splats(n: usize) -> Splats {
        let parts = SplatsParts {
            positions: vec![[1.0, 2.0, 3.0]; n],
            log_scales: vec![[-3.0; 3]; n],
            rotations: vec![[1.0, 0.0, 0.0, 0.0]; n],
            raw_opacities: vec![0.5; n],
            sh_dc: vec![[0.1; 3]; n],
            ..SplatsParts::default()
        };
        Splats::new(parts).unwrap()
    }

    /// By hand, with gradients 2, −1, 0.5 and rate 0.1: the means are 0.2, 0.08, 0.122, their squares 0.004, 0.004996,
    /// 0.005241004, and the corrections 1/0.1, 1/0.19, 1/0.271 and 1/0.001, 1/0.001999, 1/0.002997001.
    #[test]
    fn three_steps_by_hand() {
        let mut splats = splats(1);
        let mut adam = Adam::new(&splats, Rates { raw_opacity: 0.1, ..Rates::FROZEN });
        let before = splats.clone();
        let mut value = 0.5_f64;
        let steps = [
            (2.0, 0.2 / 0.1, 0.004 / 0.001),
            (-1.0, 0.08 / 0.19, 0.004_996 / 0.001_999),
            (0.5, 0.122 / 0.271, 0.005_241_004 / 0.002_997_001_f64),
        ];
        for (gradient, mean, mean_square) in steps {
            let mut gradients = Gradients::zero(&splats);
            gradients.raw_opacities[0] = gradient;
            gradients.positions[0] = [1.0; 3]; // Frozen: must not matter.
            adam.step(&mut splats, &gradients).unwrap();
            value -= 0.1 * mean / mean_square.sqrt();
            let found = f64::from(splats.parts().raw_opacities[0]);
            assert!((found - value).abs() < 1e-6, "{found} is not {value}");
        }
        assert_eq!(splats.parts().positions, before.parts().positions);
        assert_eq!(splats.parts().sh_dc, before.parts().sh_dc);
    }

    /// The first step of each value is its rate, whatever the size of the gradient.
    #[test]
    fn every_attribute_has_its_own_rate() {
        let mut splats = splats(2);
        let rates = Rates {
            position: 0.01,
            log_scale: 0.02,
            rotation: 0.03,
            raw_opacity: 0.04,
            sh_dc: 0.05,
            sh_rest: 0.06,
        };
        let mut gradients = Gradients::zero(&splats);
        gradients.positions[1] = [1e-9, 1.0, -1e6];
        gradients.log_scales[1] = [1.0; 3];
        gradients.rotations[1] = [1.0; 4];
        gradients.raw_opacities[1] = 1.0;
        gradients.sh_dc[1] = [1.0; 3];
        let before = splats.clone();
        Adam::new(&splats, rates).step(&mut splats, &gradients).unwrap();
        assert_eq!(splats.get(0), before.get(0), "no gradient, no step");
        let (now, then) = (splats.get(1), before.get(1));
        let close = |a: f32, b: f32| assert!((a - b).abs() < 1e-6, "{a} is not {b}");
        close(now.position[0], then.position[0] - 0.01);
        close(now.position[1], then.position[1] - 0.01);
        close(now.position[2], then.position[2] + 0.01);
        close(now.log_scale[1], then.log_scale[1] - 0.02);
        close(now.rotation[3], then.rotation[3] - 0.03);
        close(now.raw_opacity, then.raw_opacity - 0.04);
        close(now.sh_dc[2], then.sh_dc[2] - 0.05);
    }

    #[test]
    fn follows_pruning_and_splitting() {
        let mut three = splats(3);
        let mut adam = Adam::new(&three, Rates { sh_dc: 0.1, ..Rates::FROZEN });
        let mut gradients = Gradients::zero(&three);
        gradients.sh_dc[2] = [1.0; 3];
        adam.step(&mut three, &gradients).unwrap();
        adam.follow(&[Some(2), None]);
        let mut two = splats(2);
        let nothing = Gradients::zero(&two);
        adam.step(&mut two, &nothing).unwrap();
        let dc = &two.parts().sh_dc;
        assert!(dc[0][0] < 0.1 - 0.01, "the old splat lost its momentum: {}", dc[0][0]);
        assert_eq!(dc[1][0], 0.1, "the new splat has momentum");
    }

    #[test]
    fn other_splats_are_refused() {
        let mut three = splats(3);
        let mut adam = Adam::new(&splats(2), Rates::TRAINING);
        let gradients = Gradients::zero(&three);
        let error = adam.step(&mut three, &gradients).unwrap_err();
        assert_eq!(error.to_string(), "the state of Adam is for 2 values, the splats have 3");
        assert_eq!(three, splats(3));
    }
}
