import { it, type TestContext } from "node:test";
import type { ViewportSize } from "playwright-core";
import { LANGUAGES, type Language } from "../../functions/domain/language.ts";

/** Someone in front of the console: what the look of a page depends on. */
export interface Reader {
  readonly language: Language;
  readonly colorScheme: (typeof SCHEMES)[number];
  readonly viewport: ViewportSize;
}

const SCHEMES = ["light", "dark"] as const;
/** A phone, a tablet upright, a laptop, and a large screen. */
export const WIDTHS = [360, 768, 1_280, 1_920] as const;

const viewportOf = (width: number): ViewportSize => ({ width, height: width < 768 ? 740 : 900 });

export const readerName = ({ language, colorScheme, viewport }: Reader): string =>
  `${language} ${colorScheme} ${viewport.width}`;

/** Someone at a laptop, where how the page looks is beside the point. */
export const atLaptop = (language: Language): Reader => ({
  language,
  colorScheme: "light",
  viewport: viewportOf(1_280),
});

/** All of them: `npm run soak -- console` lets each do everything. */
export const EVERY_READER: readonly Reader[] = LANGUAGES.flatMap((language) =>
  SCHEMES.flatMap((colorScheme) =>
    WIDTHS.map((width): Reader => ({ language, colorScheme, viewport: viewportOf(width) })),
  ),
);

/**
 * Two by two, these differ in language, scheme and whether the screen is wide. Among all eight, each language is read
 * in each scheme and at each width, and each scheme is seen at each width.
 */
const PAIRWISE: readonly Reader[] = [
  ["fr light 360", "en dark 1280"],
  ["fr dark 768", "en light 1920"],
  ["en dark 360", "fr light 1280"],
  ["en light 768", "fr dark 1920"],
].flatMap((pair) => pair.flatMap((name) => EVERY_READER.filter((reader) => readerName(reader) === name)));

/** Names the one reader who does everything, if the soak runs the tests. */
export const ONLY_READER = "RELAIS_TEST_READER";

const only = process.env[ONLY_READER];

/** Of a product that `npm test` covers two by two, the soak runs all. */
export const runsAll = only !== undefined;

const readers = (): readonly Reader[] => {
  return only === undefined ? PAIRWISE : EVERY_READER.filter((reader) => readerName(reader) === only);
};

/** Those who read in turn, beginning with the one at this place. */
export interface Turns {
  /** The next in turn. */
  one(): Reader;
  /** The next two in turn, who share neither language nor scheme, one narrow and one wide; or the only one. */
  two(): readonly Reader[];
  /** A test that the next in turn goes through. */
  scenario(title: string, act: (reader: Reader, test: TestContext) => Promise<void>): void;
}

const atLeast =
  (width: number) =>
  (reader: Reader): Reader =>
    reader.viewport.width < width ? { ...reader, viewport: viewportOf(width) } : reader;

/**
 * Hands out the readers in turn, so that a file's scenarios together cover every pair of what they differ in. Those who
 * work with what a narrow screen folds away get this width at least.
 */
export const turnsFrom = (place: number, width = 0): Turns => {
  const all = readers().map(atLeast(width));
  let taken = place;
  const one = (): Reader => {
    const reader = all[taken % all.length];
    taken += 1;
    if (reader === undefined) throw new Error(`no such reader: ${only}`);
    return reader;
  };
  return {
    one,
    scenario: (title, act) => {
      const reader = one();
      it(`${title} (${readerName(reader)})`, (test) => act(reader, test));
    },
    two: () => {
      if (all.length === 1) return [one()];
      taken += taken % 2;
      return [one(), one()];
    },
  };
};
