/**
 * Keeps of a mail's styles what loads nothing. A value is kept if it calls known functions alone: `url()` and
 * `image-set()` can load, `var()`, `env()` and `attr()` can bring such a value from elsewhere, and an escape can hide
 * one. What the browser has parsed is checked, not the text of the mail.
 */

const FUNCTIONS: ReadonlySet<string> = new Set([
  "",
  ...["rgb", "rgba", "hsl", "hsla", "hwb", "lab", "lch", "oklab", "oklch", "color", "color-mix"],
  ...["calc", "min", "max", "clamp", "minmax", "repeat", "fit-content"],
  ...["linear-gradient", "radial-gradient", "conic-gradient"],
  ...["repeating-linear-gradient", "repeating-radial-gradient", "repeating-conic-gradient"],
  ...["translate", "translatex", "translatey", "scale", "scalex", "scaley", "rotate", "skew", "skewx", "skewy"],
]);

const isHarmless = (value: string): boolean =>
  value !== "" &&
  !value.includes("\\") &&
  [...value.matchAll(/([^\s,(/]*)\(/g)].every(([, name = ""]) => FUNCTIONS.has(name.toLowerCase()));

/** Removes what may load something; returns how many pictures that were to come from elsewhere. */
export const cleanDeclarations = (style: CSSStyleDeclaration): number => {
  let remote = 0;
  for (const name of Array.from(style)) {
    const value = style.getPropertyValue(name);
    if (!name.startsWith("--") && isHarmless(value)) continue;
    if (/url\(\s*["']?(?:https?:)?\/\//i.test(value)) remote += 1;
    style.removeProperty(name);
  }
  // Whatever is left as a whole must be harmless too, however the browser divides it into properties.
  if (style.cssText !== "" && !isHarmless(style.cssText)) style.cssText = "";
  return remote;
};

type View = Window & typeof globalThis;

interface RuleList {
  readonly cssRules: CSSRuleList;
  deleteRule(index: number): void;
}

/** Keeps plain rules, and those for a medium or a width; not fonts, imports, layers, or rules within rules. */
const cleanRules = (list: RuleList, view: View): number => {
  let remote = 0;
  for (let at = list.cssRules.length - 1; at >= 0; at -= 1) {
    const rule = list.cssRules[at];
    if (rule instanceof view.CSSStyleRule) {
      while (rule.cssRules.length > 0) rule.deleteRule(0);
      remote += cleanDeclarations(rule.style);
    } else if (rule instanceof view.CSSMediaRule) {
      remote += cleanRules(rule, view);
    } else {
      list.deleteRule(at);
    }
  }
  return remote;
};

interface SafeSheet {
  readonly sheet: CSSStyleSheet;
  readonly remote: number;
}

/** A sheet that the frame's document may adopt. Nothing is loaded before that. */
export const safeSheet = (css: string, view: View): SafeSheet => {
  const sheet = new view.CSSStyleSheet();
  sheet.replaceSync(css);
  return { sheet, remote: cleanRules(sheet, view) };
};
