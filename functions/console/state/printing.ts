import { signal } from "@preact/signals";

/** True while the page is being printed, which shows what no window shows. */
export const printing = signal(false);

addEventListener("beforeprint", () => {
  printing.value = true;
});
addEventListener("afterprint", () => {
  printing.value = false;
});
