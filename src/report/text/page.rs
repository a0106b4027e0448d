//! Lines of a fixed width, in colour or not. Knows nothing of reports.

use owo_colors::{OwoColorize, Style as Paint};
use textwrap::{Options, WordSeparator, WordSplitter, core::display_width};

use super::{Colour, Glyphs, Style};

/// What a piece of text is to the reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    Plain,
    Strong,
    Good,
    Bad,
    Doubt,
    Quiet,
}

pub struct Page {
    text: String,
    style: Style,
}

impl Page {
    pub fn new(style: Style) -> Self {
        Page { text: String::new(), style: Style { width: style.width.max(40), ..style } }
    }

    pub fn finish(self) -> String {
        self.text
    }

    /// One empty line; never two in a row, and none at the top.
    pub fn blank(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    /// `label  text`, the text wrapped so that it stays to the right of the label.
    pub fn hanging(&mut self, indent: usize, label: &str, tone: Tone, text: &str) {
        let lead = " ".repeat(indent) + label + "  ";
        let hang = " ".repeat(display_width(&lead));
        let lines = self.wrapped(text, &hang);
        let first = lines.first().map_or("", |line| line.trim_start());
        self.line(&format!("{}{}  {first}", " ".repeat(indent), self.painted(tone, label)));
        for line in lines.iter().skip(1) {
            self.line(line);
        }
    }

    /// Text of one tone, wrapped, every line indented.
    pub fn paragraph(&mut self, indent: usize, tone: Tone, text: &str) {
        for line in self.wrapped(text, &" ".repeat(indent)) {
            let bare = line.trim_start();
            let lead = &line[..line.len() - bare.len()];
            self.line(&format!("{lead}{}", self.painted(tone, bare)));
        }
    }

    /// One line as it is, however long.
    pub fn verbatim(&mut self, indent: usize, tone: Tone, text: &str) {
        self.line(&format!("{}{}", " ".repeat(indent), self.painted(tone, text)));
    }

    /// One line, cut where the page ends. Words already painted must not be in it.
    pub fn cut(&mut self, indent: usize, label: &str, tone: Tone, text: &str) {
        let room = self.style.width.saturating_sub(indent + display_width(label) + 2);
        let shown = match display_width(text) <= room {
            true => text.to_owned(),
            false => shortened(text, room),
        };
        self.line(&format!("{}{}  {shown}", " ".repeat(indent), self.painted(tone, label)));
    }

    pub fn painted(&self, tone: Tone, text: &str) -> String {
        let paint = match tone {
            Tone::Plain => return text.to_owned(),
            Tone::Strong => Paint::new().bold(),
            Tone::Good => Paint::new().green().bold(),
            Tone::Bad => Paint::new().red().bold(),
            Tone::Doubt => Paint::new().yellow().bold(),
            Tone::Quiet => Paint::new().dimmed(),
        };
        match self.style.colour {
            Colour::On if !text.is_empty() => text.style(paint).to_string(),
            _ => text.to_owned(),
        }
    }

    /// The glyph where the terminal has it; the words beside it say the same.
    pub fn glyph(&self, glyph: &str) -> String {
        match self.style.glyphs {
            Glyphs::Unicode => format!("{glyph} "),
            Glyphs::Ascii => String::new(),
        }
    }

    pub fn width(&self) -> usize {
        self.style.width
    }

    fn wrapped(&self, text: &str, indent: &str) -> Vec<String> {
        let options = Options::new(self.style.width)
            .initial_indent(indent)
            .subsequent_indent(indent)
            .word_separator(WordSeparator::AsciiSpace)
            .word_splitter(WordSplitter::NoHyphenation);
        textwrap::wrap(text, options).into_iter().map(|line| line.into_owned()).collect()
    }

    fn line(&mut self, line: &str) {
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }
}

/// The beginning of a text, with dots for the rest.
pub fn shortened(text: &str, width: usize) -> String {
    let mut short = String::new();
    for character in text.chars() {
        short.push(character);
        if display_width(&short) + 3 > width {
            short.pop();
            break;
        }
    }
    short + "..."
}
