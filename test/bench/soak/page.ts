const HEAD = "# Soak\n\nMade by `npm run soak`, which rewrites each section that it runs.\n";

/** A section, from its heading to the next one's. */
const sectionsOf = (page: string): readonly string[] =>
  page.split(/^(?=## )/m).filter((part) => part.startsWith("## "));

const titleOf = (section: string): string => section.slice(3).split("\n", 1)[0] ?? "";

/**
 * Replaces a section of the page by its latest run. Sections are in the order of `titles`, and obsolete ones are
 * removed.
 */
export const withSection = (
  page: string,
  { title, text }: { readonly title: string; readonly text: string },
  titles: readonly string[],
): string => {
  const sections = new Map(sectionsOf(page).map((section) => [titleOf(section), section.trim()]));
  sections.set(title, `## ${title}\n\n${text.trim()}`);
  return `${[HEAD.trim(), ...titles.flatMap((one) => sections.get(one) ?? [])].join("\n\n")}\n`;
};
