/** The only style sheet of the sandbox's pages. */
export const styleSheet = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 0; display: flex; justify-content: center; }
main { width: min(46rem, 100% - 2rem); margin: 2rem 0; }
.brand { font-weight: 600; opacity: .7; }
h1 { font-size: 1.4rem; }
ul { padding: 0; list-style: none; }
li { display: flex; gap: 1rem; align-items: center; justify-content: space-between; padding: .5rem 0; border-bottom: 1px solid #8884; }
.choices li { justify-content: flex-start; }
button { font: inherit; padding: .4rem 1rem; cursor: pointer; }
code { overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .35rem .75rem .35rem 0; vertical-align: top; border-bottom: 1px solid #8884; overflow-wrap: anywhere; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; border: 1px solid #8884; padding: .75rem; }
`;
