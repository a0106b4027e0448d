//! What the terminal in front of the user can show: the flag, then the environment, then the stream decide.

use std::{env, io::IsTerminal};

use super::args::ColorArg;
use crate::report::{Colour, Glyphs, Style};

/// For text written to `stream`. `--color` is stronger than `NO_COLOR`, that than `CLICOLOR_FORCE`, and without any of
/// them colour goes to terminals alone, save those that call themselves dumb.
pub fn style(choice: ColorArg, stream: &impl IsTerminal) -> Style {
    let set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty() && value != "0");
    resolved(
        choice,
        &Terminal {
            terminal: stream.is_terminal(),
            no_color: env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()),
            force: set("CLICOLOR_FORCE"),
            dumb: env::var_os("TERM").is_some_and(|term| term == "dumb"),
        },
    )
}

struct Terminal {
    terminal: bool,
    no_color: bool,
    force: bool,
    dumb: bool,
}

fn resolved(choice: ColorArg, around: &Terminal) -> Style {
    let coloured = match choice {
        ColorArg::Always => true,
        ColorArg::Never => false,
        ColorArg::Auto => !around.no_color && (around.force || (around.terminal && !around.dumb)),
    };
    Style {
        colour: if coloured { Colour::On } else { Colour::Off },
        glyphs: if around.terminal && !around.dumb { Glyphs::Unicode } else { Glyphs::Ascii },
        ..Style::PLAIN
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flag_then_the_environment_then_the_stream_decide() {
        let plain = || Terminal { terminal: false, no_color: false, force: false, dumb: false };
        let terminal = || Terminal { terminal: true, ..plain() };
        let table = [
            (ColorArg::Auto, plain(), Colour::Off, Glyphs::Ascii),
            (ColorArg::Auto, terminal(), Colour::On, Glyphs::Unicode),
            (ColorArg::Auto, Terminal { no_color: true, ..terminal() }, Colour::Off, Glyphs::Unicode),
            (ColorArg::Auto, Terminal { dumb: true, ..terminal() }, Colour::Off, Glyphs::Ascii),
            (ColorArg::Auto, Terminal { force: true, ..plain() }, Colour::On, Glyphs::Ascii),
            (ColorArg::Auto, Terminal { force: true, no_color: true, ..plain() }, Colour::Off, Glyphs::Ascii),
            (ColorArg::Always, Terminal { no_color: true, ..plain() }, Colour::On, Glyphs::Ascii),
            (ColorArg::Never, Terminal { force: true, ..terminal() }, Colour::Off, Glyphs::Unicode),
        ];
        for (choice, around, colour, glyphs) in table {
            assert_eq!(resolved(choice, &around), Style { colour, glyphs, ..Style::PLAIN });
        }
    }
}
