// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Percentiles in milliseconds, out of histograms or of few values.

use hdrhistogram::Histogram;
use serde::Serialize;

/// Percentiles in milliseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Percentiles {
    /// Median.
    pub p50: f64,
    /// 95th.
    pub p95: f64,
    /// 99th.
    pub p99: f64,
    /// Worst.
    pub max: f64,
}

impl Percentiles {
    /// Of microseconds.
    #[must_use]
    pub fn of_us(histogram: &Histogram<u64>) -> Self {
        let at = |q| histogram.value_at_quantile(q) as f64 / 1_000.0;
        Self {
            p50: at(0.5),
            p95: at(0.95),
            p99: at(0.99),
            max: histogram.max() as f64 / 1_000.0,
        }
    }

    /// Of milliseconds.
    #[must_use]
    pub fn of_ms(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        let at = |q: f64| {
            let i = (values.len() as f64 * q).ceil() as usize;
            values.get(i.saturating_sub(1)).copied().unwrap_or(0.0)
        };
        Self {
            p50: at(0.5),
            p95: at(0.95),
            p99: at(0.99),
            max: at(1.0),
        }
    }
}

/// Quantiles of a plot's curve: closer together towards 1.
pub const CURVE: [f64; 14] = [
    0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975, 0.99, 0.995, 0.999, 0.999_5, 0.999_9, 1.0,
];

/// Quantile and milliseconds for each of [`CURVE`].
#[must_use]
pub fn curve(histogram: &Histogram<u64>) -> Vec<(f64, f64)> {
    if histogram.is_empty() {
        return Vec::new();
    }
    let at = |q: f64| (q, histogram.value_at_quantile(q) as f64 / 1_000.0);
    CURVE.into_iter().map(at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_of_few_values() {
        let p = Percentiles::of_ms(vec![3.0, 1.0, 2.0, 4.0]);
        assert_eq!((p.p50, p.p95, p.p99, p.max), (2.0, 4.0, 4.0, 4.0));
        assert_eq!(Percentiles::of_ms(Vec::new()).max, 0.0);
    }

    #[test]
    fn curve_rises() {
        let mut histogram = Histogram::<u64>::new(3).unwrap();
        assert!(curve(&histogram).is_empty());
        for us in 1..=1_000 {
            histogram.record(us).unwrap();
        }
        let curve = curve(&histogram);
        assert!(curve.windows(2).all(|w| w[0].1 <= w[1].1));
        assert_eq!((Percentiles::of_us(&histogram).p50 * 10.0).round(), 5.0);
    }
}
