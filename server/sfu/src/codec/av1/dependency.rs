// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The dependency descriptor header extension (RTP Payload Format For AV1, version 1.0, appendix A): which frame a packet
//! belongs to, its layers, and which decode targets need it. It fits VP9 too.

use crate::codec::bits::BitReader;
use crate::codec::{self, Dimensions, LayerPlace};

/// `a=extmap` URI (appendix A.2).
pub const URI: &str = "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension";
/// Template ids are six bits.
pub const TEMPLATES_MAX: usize = 64;
/// Decode targets are counted in five bits, from one.
pub const DECODE_TARGETS_MAX: usize = 32;
/// `MaxSpatialId` is at most 3.
pub const SPATIAL_LAYERS_MAX: usize = 4;
/// `MaxTemporalId` is at most 7.
const TEMPORAL_LAYERS_MAX: u8 = 8;
/// Differences to frames that one frame refers to; AV1 has seven references.
const FRAME_DIFFS_MAX: usize = 32;
/// Octets without the extended fields.
const MANDATORY_BYTES: usize = 3;

/// What a frame is to a decode target (appendix A.8.1, table of decode target indications).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Indication {
    /// Not part of it.
    NotPresent,
    /// Part of it, and no other frame of it needs this one.
    Discardable,
    /// Part of it, and one may go over to it here.
    Switch,
    /// Part of it.
    Required,
}

/// Indications of one frame, two bits for each decode target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct Indications(u64);

impl Indications {
    /// For one decode target; not present beyond those that there are.
    #[must_use]
    pub fn of(self, target: u8) -> Indication {
        match self.0.checked_shr(u32::from(target) * 2).unwrap_or(0) & 3 {
            0 => Indication::NotPresent,
            1 => Indication::Discardable,
            2 => Indication::Switch,
            _ => Indication::Required,
        }
    }

    fn read(bits: &mut BitReader<'_>, targets: u8) -> Option<Self> {
        let mut all = 0_u64;
        for target in 0..targets {
            all |= u64::from(bits.bits(2)?) << (target * 2);
        }
        Some(Self(all))
    }
}

/// What frames of one kind have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Template {
    spatial_id: u8,
    temporal_id: u8,
    indications: Indications,
}

/// `template_dependency_structure`: sent with key frames, valid until the next one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Structure {
    offset: u8,
    targets: u8,
    chains: u8,
    templates: Vec<Template>,
    sizes: [Option<Dimensions>; SPATIAL_LAYERS_MAX],
}

impl Structure {
    /// Decode targets, 1 to [`DECODE_TARGETS_MAX`].
    #[must_use]
    pub fn decode_targets(&self) -> u8 {
        self.targets
    }

    /// Spatial layers, 1 to [`SPATIAL_LAYERS_MAX`].
    #[must_use]
    pub fn spatial_layers(&self) -> u8 {
        let highest = self.templates.iter().map(|template| template.spatial_id).max();
        highest.unwrap_or(0) + 1
    }

    /// Size of a spatial layer's pictures, where it is stated.
    #[must_use]
    pub fn size(&self, spatial_id: u8) -> Option<Dimensions> {
        self.sizes.get(usize::from(spatial_id)).copied().flatten()
    }

    /// The highest layers that a decode target is made of: spatial and temporal id (appendix A.8.2,
    /// `decode_target_layers`).
    #[must_use]
    pub fn layers_of(&self, target: u8) -> (u8, u8) {
        let part = |t: &&Template| t.indications.of(target) != Indication::NotPresent;
        let parts = || self.templates.iter().filter(part);
        let spatial = parts().map(|t| t.spatial_id).max().unwrap_or(0);
        (spatial, parts().map(|t| t.temporal_id).max().unwrap_or(0))
    }

    /// What forwarding needs to know of it.
    #[must_use]
    pub fn summary(&self) -> codec::Structure {
        let mut heights = [None; codec::SPATIAL_LAYERS_MAX];
        for (height, size) in heights.iter_mut().zip(self.sizes) {
            *height = size.map(|size| size.height);
        }
        codec::Structure {
            spatial_layers: self.spatial_layers(),
            heights,
            is_temporal: self.templates.iter().any(|template| template.temporal_id > 0),
        }
    }

    fn read(bits: &mut BitReader<'_>) -> Option<Self> {
        let offset = bits.bits(6)? as u8;
        let targets = bits.bits(5)? as u8 + 1;
        let mut templates = layers(bits)?;
        for template in &mut templates {
            template.indications = Indications::read(bits, targets)?;
        }
        for _ in &templates {
            let mut count = 0;
            while bits.bit()? {
                let _fdiff_minus_one = bits.bits(4)?;
                count += 1;
                if count > FRAME_DIFFS_MAX {
                    return None;
                }
            }
        }
        let chains = bits.non_symmetric(u32::from(targets) + 1)? as u8;
        if chains > 0 {
            for _ in 0..targets {
                let _protected_by = bits.non_symmetric(u32::from(chains))?;
            }
            for _ in 0..templates.len() * usize::from(chains) {
                let _chain_fdiff = bits.bits(4)?;
            }
        }
        let mut structure = Self {
            offset,
            targets,
            chains,
            templates,
            sizes: [None; SPATIAL_LAYERS_MAX],
        };
        if bits.bit()? {
            let layers = usize::from(structure.spatial_layers());
            for size in structure.sizes.iter_mut().take(layers) {
                let mut side = || u16::try_from(bits.bits(16)? + 1).ok();
                *size = Some(Dimensions {
                    width: side()?,
                    height: side()?,
                });
            }
        }
        Some(structure)
    }
}

/// `template_layers()`: the spatial and temporal id of each template.
fn layers(bits: &mut BitReader<'_>) -> Option<Vec<Template>> {
    let mut templates = Vec::new();
    let mut template = Template::default();
    loop {
        if templates.len() == TEMPLATES_MAX {
            return None;
        }
        templates.push(template);
        match bits.bits(2)? {
            0 => {}
            1 => template.temporal_id += 1,
            2 => (template.spatial_id, template.temporal_id) = (template.spatial_id + 1, 0),
            _ => return Some(templates),
        }
        if usize::from(template.spatial_id) >= SPATIAL_LAYERS_MAX || template.temporal_id >= TEMPORAL_LAYERS_MAX {
            return None;
        }
    }
}

/// What the extension says of one packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Descriptor {
    /// First packet of its frame.
    pub frame_start: bool,
    /// Last packet of its frame (of one spatial layer, not of the picture).
    pub frame_end: bool,
    /// Number of the frame, modulo 2^16.
    pub frame_number: u16,
    /// Spatial layer.
    pub spatial_id: u8,
    /// Temporal layer.
    pub temporal_id: u8,
    /// What the frame is to each decode target.
    pub indications: Indications,
    /// Decode targets that are sent at present, as bits, where the packet says so.
    pub active_targets: Option<u32>,
    /// Whether it brought a new structure: a key frame starts here.
    pub has_structure: bool,
}

impl Descriptor {
    /// Which layers the packet is of.
    #[must_use]
    pub fn place(&self) -> LayerPlace {
        LayerPlace {
            spatial: self.spatial_id,
            temporal: self.temporal_id,
            // Frames are counted, not pictures.
            picture: None,
            starts_picture: self.frame_start && self.spatial_id == 0,
            ends_frame: self.frame_end,
        }
    }
}

/// Reads the descriptors of one stream: most refer to a structure that came before.
#[derive(Debug, Clone, Default)]
pub struct Reader {
    structure: Option<Structure>,
}

impl Reader {
    /// The structure in use.
    #[must_use]
    pub fn structure(&self) -> Option<&Structure> {
        self.structure.as_ref()
    }

    /// Reads one packet's extension. A structure in it is used from then on. None where it is cut off, refers to a
    /// template that is not there, or comes before any structure; a structure that cannot be read changes nothing.
    pub fn read(&mut self, value: &[u8]) -> Option<Descriptor> {
        let mut bits = BitReader::new(value);
        let (frame_start, frame_end) = (bits.bit()?, bits.bit()?);
        let template_id = bits.bits(6)? as u8;
        let frame_number = bits.bits(16)? as u16;
        let mut flags = [false; 5];
        if value.len() > MANDATORY_BYTES {
            for flag in &mut flags {
                *flag = bits.bit()?;
            }
        }
        let [
            has_structure,
            has_active,
            custom_indications,
            _custom_fdiffs,
            _custom_chains,
        ] = flags;
        let fresh = if has_structure {
            Some(Structure::read(&mut bits)?)
        } else {
            None
        };
        let structure = fresh.as_ref().or(self.structure.as_ref())?;
        let mut active_targets = has_structure.then(|| u32::MAX >> (32 - u32::from(structure.targets)));
        if has_active {
            active_targets = Some(bits.bits(structure.targets)?);
        }
        let index = (template_id + TEMPLATES_MAX as u8 - structure.offset) % TEMPLATES_MAX as u8;
        let template = structure.templates.get(usize::from(index))?;
        let indications = if custom_indications {
            Indications::read(&mut bits, structure.targets)?
        } else {
            template.indications
        };
        // What follows, references and chains of this frame, nobody needs to forward it.
        let descriptor = Descriptor {
            frame_start,
            frame_end,
            frame_number,
            spatial_id: template.spatial_id,
            temporal_id: template.temporal_id,
            indications,
            active_targets,
            has_structure,
        };
        if fresh.is_some() {
            self.structure = fresh;
        }
        Some(descriptor)
    }

    /// Chains of the structure in use; a broken chain means that a decode target cannot go on.
    #[must_use]
    pub fn chains(&self) -> u8 {
        self.structure.as_ref().map_or(0, |structure| structure.chains)
    }
}
