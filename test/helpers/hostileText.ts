/** What a page must not run, a terminal must not obey and a reader must not be deceived by; short enough to be quoted whole. */
export const HOSTILE_TEXT =
  "\u202e\u009b31m" +
  `<script>window.owned=1</script><img src=x onerror="window.owned=1"><b id='owned'>&lt;"'\`\${7*7}` +
  "\u001b[2J\u001b]0;owned\u0007\r\nIN_SYNC\u0000\u007f\u009b31m\u0085\u2028\u202egnp.\u2066\u200b\ufeff\u{e0041}\ud800";

/** The same and a megabyte after it, without a place to break a line at. */
export const LONG_HOSTILE_TEXT = HOSTILE_TEXT + "W".repeat(1_048_576);

/** Controls, formats, separators of lines and paragraphs, and halves of characters. */
export const DECEIVING = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;
