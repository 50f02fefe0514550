//! The colours, by day and by night.

use model::Letter;

/// What everything is coloured with.
pub(super) struct Palette {
    /// The ground, and what is written on a value's colour.
    paper: &'static str,
    ink: &'static str,
    quiet: &'static str,
    /// Lanes, heads, and the edges of what stands on the ground.
    edge: &'static str,
    /// Between rows.
    rule: &'static str,
    /// Messages that are for no value.
    arrow: &'static str,
    /// The ground of heads and of what is told together.
    shade: &'static str,
    /// What must not be.
    bad: &'static str,
    /// The ground of the step that must not be.
    bad_ground: &'static str,
    /// The ground of the last step otherwise, and its edge.
    last_ground: &'static str,
    last_edge: &'static str,
    /// The values, `A` first; the first two are told apart by everybody.
    values: [&'static str; Letter::LIMIT],
}

pub(super) const LIGHT: Palette = Palette {
    paper: "#fff",
    ink: "#1f2328",
    quiet: "#59636e",
    edge: "#8c959f",
    rule: "#eef1f4",
    arrow: "#57606a",
    shade: "#f3f5f8",
    bad: "#b3261e",
    bad_ground: "#ffebe9",
    last_ground: "#fff4c2",
    last_edge: "#d4a72c",
    values: [
        "#0b62c4", "#b04a00", "#1a7f37", "#8250df", "#0e7490", "#a8326e", "#6b5b00", "#444c56",
    ],
};

pub(super) const DARK: Palette = Palette {
    paper: "#0d1117",
    ink: "#e6edf3",
    quiet: "#9ba6b2",
    edge: "#6e7781",
    rule: "#1c232c",
    arrow: "#9ba6b2",
    shade: "#1c232c",
    bad: "#ff8078",
    bad_ground: "#3c1618",
    last_ground: "#2e2606",
    last_edge: "#8a6d0b",
    values: [
        "#6cb2ff", "#ffa657", "#56d37b", "#d2a8ff", "#5fd0e0", "#ff9bce", "#e3c84b", "#b1bac4",
    ],
};

impl Palette {
    /// The rules that give everything its colour. They name colours as they are: what turns pictures into slides often
    /// knows no variables.
    pub(super) fn rules(&self) -> String {
        let Palette {
            paper,
            ink,
            quiet,
            edge,
            rule,
            arrow,
            shade,
            bad,
            bad_ground,
            last_ground,
            last_edge,
            values,
        } = self;
        let mut rules = format!(
            "\
.pxd text{{fill:{ink}}}
.pxd .small,.pxd .number{{fill:{quiet}}}
.pxd .fault,.pxd .bad,.pxd .wrong{{fill:{bad}}}
.pxd .on{{fill:{paper}}}
.pxd .halo{{stroke:{paper}}}
.pxd .page{{fill:{paper};stroke:{rule}}}
.pxd .head,.pxd .fold{{fill:{shade};stroke:{edge}}}
.pxd .last{{fill:{last_ground};stroke:{last_edge}}}
.pxd .end{{fill:{bad_ground};stroke:{bad}}}
.pxd .decisive{{fill:{bad_ground}}}
.pxd .rule{{stroke:{rule}}}
.pxd .lane{{stroke:{edge}}}
.pxd .line,.pxd .ring{{stroke:{arrow}}}
.pxd .tip{{fill:{arrow};stroke:{arrow}}}
.pxd .ring,.pxd .hollow{{fill:{paper}}}
.pxd .cross,.pxd .ever{{stroke:{bad}}}
.pxd .evertip{{fill:{bad}}}
.pxd .dot{{fill:{ink}}}
.pxd .box{{fill:{paper};stroke:{arrow}}}
.pxd .phase{{fill:{shade};stroke:{edge}}}
.pxd .void,.pxd .broken{{fill:{paper};stroke:{bad}}}
.pxd .mark{{stroke:{paper}}}
"
        );
        for (index, colour) in values.iter().enumerate() {
            rules +=
                &format!(".pxd .v{index}{{stroke:{colour}}}\n.pxd .f{index}{{fill:{colour}}}\n");
        }
        rules
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How bright a colour is, as WCAG 2 has it.
    fn luminance(colour: &str) -> f64 {
        let digits: Vec<f64> = colour[1..]
            .chars()
            .map(|digit| f64::from(digit.to_digit(16).unwrap()))
            .collect();
        let channels: Vec<f64> = match digits.len() {
            3 => digits.iter().map(|digit| digit * 17.0).collect(),
            _ => digits
                .chunks(2)
                .map(|pair| pair[0] * 16.0 + pair[1])
                .collect(),
        };
        let linear = |channel: f64| match channel / 255.0 {
            part if part <= 0.04045 => part / 12.92,
            part => ((part + 0.055) / 1.055).powf(2.4),
        };
        0.2126 * linear(channels[0]) + 0.7152 * linear(channels[1]) + 0.0722 * linear(channels[2])
    }

    fn contrast(one: &str, other: &str) -> f64 {
        let (one, other) = (luminance(one), luminance(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    #[test]
    fn everything_can_be_read_by_day_and_by_night() {
        for palette in [LIGHT, DARK] {
            let grounds = [
                palette.paper,
                palette.shade,
                palette.bad_ground,
                palette.last_ground,
            ];
            for ground in grounds {
                for ink in [palette.ink, palette.quiet, palette.bad] {
                    let contrast = contrast(ink, ground);
                    assert!(contrast >= 4.5, "{ink} on {ground}: {contrast:.2}");
                }
                // Lines and shapes.
                for ink in palette.values.iter().chain([&palette.arrow]) {
                    let contrast = contrast(ink, ground);
                    assert!(contrast >= 3.0, "{ink} on {ground}: {contrast:.2}");
                }
            }
            for value in palette.values {
                let contrast = contrast(palette.paper, value);
                assert!(
                    contrast >= 4.5,
                    "{} on {value}: {contrast:.2}",
                    palette.paper
                );
            }
        }
    }
}
