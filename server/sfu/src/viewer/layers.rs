// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Which simulcast layer serves a slot. Pure.

/// What is known of one layer of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LayerFacts {
    /// Height of its pictures, pixels, once a keyframe said so.
    pub height: Option<u16>,
    /// Packets came in within the last second or so.
    pub flowing: bool,
}

/// The layer for a picture of `want` pixels height: the smallest that is at least so high, of those that flow; of several
/// of one height (with more and more pictures per second) the highest. Layers run from the lowest. None while nothing flows.
#[must_use]
pub fn choose(layers: impl Iterator<Item = LayerFacts>, want: u16, reduced: bool) -> Option<u8> {
    let mut best = None;
    let mut fitting = None;
    for (index, layer) in layers.enumerate() {
        if !layer.flowing {
            continue;
        }
        if fitting.is_some() && fitting != layer.height {
            break;
        }
        let index = u8::try_from(index).ok()?;
        best = Some(index);
        if reduced {
            break;
        }
        fitting = layer.height.filter(|height| *height >= want);
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layers(heights: &[(u16, bool)]) -> impl Iterator<Item = LayerFacts> + '_ {
        heights.iter().map(|(height, flowing)| LayerFacts {
            height: Some(*height),
            flowing: *flowing,
        })
    }

    #[test]
    fn the_smallest_layer_that_fills_the_tile_is_taken() {
        let all = [(180, true), (360, true), (720, true)];
        assert_eq!(choose(layers(&all), 150, false), Some(0));
        assert_eq!(choose(layers(&all), 360, false), Some(1));
        assert_eq!(
            choose(layers(&all), 2_000, false),
            Some(2),
            "the highest when none is large enough"
        );
    }

    #[test]
    fn of_layers_of_one_height_the_one_with_more_pictures_is_taken() {
        let all = [(180, true), (180, true), (360, true), (720, true)];
        assert_eq!(choose(layers(&all), 150, false), Some(1));
        assert_eq!(choose(layers(&all), 150, true), Some(0));
        assert_eq!(choose(layers(&all), 300, false), Some(2));
    }

    #[test]
    fn layers_that_do_not_flow_are_passed_over() {
        assert_eq!(
            choose(layers(&[(180, true), (360, false), (720, false)]), 720, false),
            Some(0)
        );
        assert_eq!(choose(layers(&[(180, false), (360, true)]), 100, false), Some(1));
        assert_eq!(choose(layers(&[(180, false)]), 100, false), None);
    }

    #[test]
    fn a_reduced_viewer_gets_the_lowest() {
        assert_eq!(choose(layers(&[(180, true), (720, true)]), 720, true), Some(0));
    }
}
