import { createHash } from "node:crypto";

/** The style of Relais's own pages, in the console's colours; inlined, so that they need no other request. */
export const PAGE_STYLE = `
:root{color-scheme:light dark;--bg:#f5f7fa;--card:#fff;--text:#17202c;--soft:#545f6e;--line:#d9dfe7;--accent:#1d5fa8;--on-accent:#fff}
@media (prefers-color-scheme:dark){:root{--bg:#11151b;--card:#191f28;--text:#e7ebf1;--soft:#a3aebd;--line:#303a48;--accent:#86b9f2;--on-accent:#0d1a29}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:flex;flex-direction:column;align-items:center;padding:2rem 1rem;background:var(--bg);color:var(--text);font:1rem/1.55 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{width:100%;max-width:38rem;margin:auto;padding:clamp(1.25rem,5vw,2.5rem);background:var(--card);border:1px solid var(--line);border-radius:.75rem;overflow-wrap:anywhere}
.brand{margin:0 0 1.5rem;font-weight:700;letter-spacing:.01em;color:var(--soft)}
h1{margin:0 0 .75rem;font-size:clamp(1.3rem,5vw,1.65rem);line-height:1.25}
h2{margin:1.5rem 0 .35rem;font-size:1rem}
p{margin:0 0 1rem}
dl{display:grid;grid-template-columns:auto 1fr;gap:.25rem .75rem;margin:0 0 1rem}
dt{color:var(--soft)}
dd{margin:0;font-weight:600}
.actions{display:flex;flex-wrap:wrap;gap:.75rem;margin:1.75rem 0 0;padding:0;list-style:none}
.actions a{display:inline-block;padding:.65rem 1.1rem;border:1px solid var(--accent);border-radius:.5rem;color:var(--accent);font-weight:600;text-decoration:none}
.actions a.first{background:var(--accent);color:var(--on-accent)}
.actions a:hover{text-decoration:underline}
a:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
footer{margin:2rem 0 0;padding:1rem 0 0;border-top:1px solid var(--line);color:var(--soft);font-size:.8125rem}
code{font:inherit;font-family:ui-monospace,Consolas,monospace}
`;

const hash = createHash("sha256").update(PAGE_STYLE).digest("base64");

/** Allows this exact style sheet and nothing else: no scripts, images, forms or frames. */
export const PAGE_POLICY = `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;
