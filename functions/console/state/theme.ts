import { effect, signal } from "@preact/signals";
import { keepChoice, keptChoice } from "./choice.ts";

/** `system` follows the system's setting; `style.css` reads the others from the root element's `data-theme`. */
export const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

const STORAGE_KEY = "relais.theme";

const isTheme = (text: string | null): text is Theme => THEMES.some((one) => one === text);

const firstTheme = (kept: string | null): Theme => (isTheme(kept) ? kept : "system");

export const theme = signal<Theme>(firstTheme(keptChoice(STORAGE_KEY)));

export const chooseTheme = (chosen: Theme): void => {
  theme.value = chosen;
  keepChoice(STORAGE_KEY, chosen);
};

effect(() => {
  const { dataset } = document.documentElement;
  if (theme.value === "system") delete dataset.theme;
  else dataset.theme = theme.value;
});
