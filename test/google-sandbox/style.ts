/**
 * The console's look, for pages that load nothing of it: a test compares these tokens with those at the top of its
 * style sheet.
 */
export const TOKENS = {
  "--ground": "light-dark(#f6f7f9, #0f1318)",
  "--surface": "light-dark(#ffffff, #171c23)",
  "--sunken": "light-dark(#f0f2f5, #202731)",
  "--text": "light-dark(#1a2230, #e6eaf0)",
  "--muted": "light-dark(#586374, #a1acbb)",
  "--line": "light-dark(#e2e6ec, #2a323d)",
  "--line-strong": "light-dark(#828d9c, #707d90)",
  "--accent": "light-dark(#1b5fae, #82b7f3)",
  "--accent-hover": "light-dark(#164d8e, #a3cbf8)",
  "--on-accent": "light-dark(#ffffff, #0c1928)",
  "--accent-ground": "light-dark(#e8f0fb, #1a2d45)",
  "--size-small": "0.8125rem",
  "--size-body": "0.9375rem",
  "--size-large": "1.0625rem",
  "--size-title": "1.375rem",
  "--medium": "500",
  "--bold": "600",
  "--radius": "10px",
  "--radius-small": "6px",
  "--control": "2.5rem",
  "--font": '"Inter", "Before Inter", system-ui, sans-serif',
  "--mono": 'ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace',
} as const;

const declarations = Object.entries(TOKENS)
  .map(([name, value]) => `  ${name}: ${value};\n`)
  .join("");

/** The only style sheet of the sandbox's pages. */
export const styleSheet = `
@font-face { font-family: "Inter"; font-weight: 100 900; font-display: swap; src: url("/sandbox/inter.woff2") format("woff2"); }
:root {
  color-scheme: light dark;
${declarations}}
@media (pointer: coarse) { :root { --control: 2.75rem; } }
*, *::before, *::after { box-sizing: border-box; }
html { font-family: var(--font); line-height: 1.5; background: var(--ground); color: var(--text); -webkit-text-size-adjust: 100%; }
body { margin: 0; font-size: var(--size-body); overflow-wrap: break-word; }
header { display: flex; flex-wrap: wrap; align-items: baseline; justify-content: space-between; gap: 0.2rem 1.5rem; padding: 0.5rem 1rem; background: var(--surface); border-bottom: 1px solid var(--line); font-size: var(--size-small); }
header p { margin: 0; }
header nav { display: flex; gap: 0.5rem; }
header nav a { padding: 0.25rem 0.5rem; border-radius: var(--radius-small); color: var(--muted); }
header nav a[aria-current] { background: var(--sunken); color: var(--text); text-decoration: none; }
main { display: grid; grid-template-columns: minmax(0, 1fr); gap: 0.9rem; width: min(30rem, 100% - 2rem); margin: 2rem auto 4rem; padding: 1.5rem; background: var(--surface); border: 1px solid var(--line); border-radius: var(--radius); }
main.wide { width: min(64rem, 100% - 2rem); }
h1, h2, p, ul, fieldset { margin: 0; padding: 0; border: 0; min-width: 0; }
h1 { font-size: var(--size-title); font-weight: var(--bold); line-height: 1.3; letter-spacing: -0.012em; overflow-wrap: anywhere; }
h2 { font-size: var(--size-large); font-weight: var(--bold); }
strong { font-weight: var(--bold); }
a { color: var(--accent); text-underline-offset: 0.2em; text-decoration-thickness: 0.06em; }
a:hover { color: var(--accent-hover); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 4px; }
code, pre { font-family: var(--mono); font-size: 0.9em; overflow-wrap: anywhere; }
.fine { color: var(--muted); font-size: var(--size-small); }
form { display: grid; gap: 0.9rem; }
ul { list-style: none; }
.facts { padding-inline-start: 1.2rem; list-style: disc; }
.accounts { border-top: 1px solid var(--line); }
.accounts li { border-bottom: 1px solid var(--line); }
.accounts button { display: flex; align-items: center; gap: 0.9rem; width: 100%; padding: 0.6rem 0.4rem; border: 0; border-radius: 0; background: none; font-weight: 400; text-align: start; overflow-wrap: anywhere; }
.accounts button:hover { background: var(--sunken); }
.avatar { display: grid; place-items: center; flex: none; width: 2.2rem; height: 2.2rem; border-radius: 50%; background: var(--accent-ground); color: var(--accent); font-weight: var(--bold); }
.chosen { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0.2rem 1rem; padding: 0.5rem 0.75rem; background: var(--sunken); border-radius: var(--radius-small); overflow-wrap: anywhere; }
legend { padding: 0; font-weight: var(--medium); }
.choices label { display: flex; gap: 0.7rem; padding: 0.6rem 0; cursor: pointer; }
input[type="checkbox"] { flex: none; width: 1.15rem; height: 1.15rem; margin: 0.2rem 0 0; accent-color: var(--accent); }
.actions { display: flex; flex-wrap: wrap; align-items: center; justify-content: flex-end; gap: 0.6rem; }
.bar { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0.3rem 1.5rem; }
button { min-height: var(--control); padding: 0.4rem 0.9rem; background: var(--surface); border: 1px solid var(--line-strong); border-radius: var(--radius-small); color: var(--text); font: inherit; font-weight: var(--medium); cursor: pointer; }
button:hover { background: var(--sunken); }
button.primary { background: var(--accent); border-color: var(--accent); color: var(--on-accent); }
button.primary:hover { background: var(--accent-hover); border-color: var(--accent-hover); }
table { border-collapse: collapse; width: 100%; }
th, td { padding: 0.5rem 1rem 0.5rem 0; text-align: start; vertical-align: top; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
th { color: var(--muted); font-size: var(--size-small); font-weight: var(--medium); }
time { white-space: nowrap; }
tr:last-child > * { border-bottom: 0; }
pre, iframe { margin: 0; border: 1px solid var(--line); border-radius: var(--radius-small); }
pre { padding: 0.75rem; background: var(--sunken); white-space: pre-wrap; }
iframe { width: 100%; height: 26rem; background: #fff; }
@media (max-width: 44rem) {
  main { margin-top: 1rem; padding: 1.1rem; }
  .mails thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .mails, .mails tbody, .mails tr, .mails td { display: block; }
  .mails tr { padding: 0.6rem 0; border-bottom: 1px solid var(--line); }
  .mails td { padding: 0.1rem 0; border: 0; }
  .mails td[data-label]::before { content: attr(data-label) " "; color: var(--muted); font-size: var(--size-small); }
}
`;
