//! Characters that a terminal or a reader would not see as characters, written out.

/// Control characters, and those that reorder or hide text, written out: `\x1b`, `\n`, `\u{202e}`.
pub fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            '\0'..='\x1f' | '\x7f' => shown.push_str(&format!("\\x{:02x}", character as u32)),
            _ if is_invisible(character) => shown.push_str(&format!("\\u{{{:x}}}", character as u32)),
            _ => shown.push(character),
        }
    }
    shown
}

/// C1 controls, bidirectional controls, zero-width characters, line separators, tags, and two that are no characters.
pub fn is_invisible(character: char) -> bool {
    matches!(character,
        '\u{80}'..='\u{9f}' | '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}'
        | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_reaches_the_terminal_as_a_command() {
        let table = [
            ("\u{1b}]0;x\u{7}", "\\x1b]0;x\\x07"),
            ("a\r\nb\tc", "a\\r\\nb\\tc"),
            ("\u{9b}31m", "\\u{9b}31m"),
            ("ab\u{202e}cd\u{200b}", "ab\\u{202e}cd\\u{200b}"),
            ("naïve 東京", "naïve 東京"),
        ];
        for (text, expected) in table {
            assert_eq!(visible(text), expected);
        }
    }
}
