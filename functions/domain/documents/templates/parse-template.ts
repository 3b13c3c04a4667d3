import { fail, ok, type Result } from "../../result.ts";
import type { Program } from "./template-ast.ts";
import type { TemplateFault } from "./template-values.ts";

/** The openings and ends of blocks, chained alternatives, and the parentheses of calls. */
const NESTING = /\{\{~?\s*(#|\/|\^(?!\s*~?\}\})|else\b(?!\s*~?\}\}))?|\}\}|[()]/g;
const DEEPEST = 100;

/**
 * Whether blocks or calls stand too deep within each other. The parser's time grows with the square of that depth, so
 * this is asked first.
 */
const isTooDeep = (text: string): boolean => {
  // How deep each open block has gone, as each chained alternative is a block within the one before.
  const blocks: number[] = [];
  let [depth, calls] = [0, 0];
  for (const [token, kind] of text.matchAll(NESTING)) {
    if (kind === "/") depth -= blocks.pop() ?? 0;
    else if (kind !== undefined) {
      depth += 1;
      if (kind === "else") blocks.push((blocks.pop() ?? 0) + 1);
      else blocks.push(1);
    }
    calls = token === "(" ? calls + 1 : token === ")" ? calls - 1 : 0;
    if (depth > DEEPEST || calls > DEEPEST) return true;
  }
  return false;
};

/** In characters; a document of Firestore ends at 1 MiB. */
const LONGEST = 1_048_576;

/** The parser names the line, then draws it over several lines, of which the first says enough. */
const reasonOf = (error: unknown): string => (error instanceof Error ? (error.message.split("\n")[0] ?? "") : "");

/**
 * Parses a template of Handlebars. The parser is loaded at the first template, so that nobody waits for it who uses
 * none. `place` names the template in the fault.
 */
export const parseTemplate = async (place: string, text: string): Promise<Result<Program, TemplateFault>> => {
  if (text.length > LONGEST) return fail({ code: "template_too_long" });
  if (isTooDeep(text)) return fail({ code: "template_too_deep" });
  const { parse } = await import("@handlebars/parser");
  try {
    // Its types leave out what may be absent.
    return ok(parse(text) as unknown as Program);
  } catch (error) {
    return fail({ code: "template_syntax", name: `${place} (${reasonOf(error)})`.slice(0, 300) });
  }
};
