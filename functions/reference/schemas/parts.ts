import * as z from "zod";

/** An instant in an answer: RFC 3339 in UTC. */
export const instant = (description: string) => z.string().meta({ format: "date-time", description });

export const instantOrNull = (description: string) =>
  z.union([z.string().meta({ format: "date-time" }), z.null()]).meta({ description });

export const text = (description: string, ...examples: readonly string[]) =>
  z.string().meta(examples.length === 0 ? { description } : { description, examples });

export const textOrNull = (description: string, ...examples: readonly string[]) =>
  z.union([z.string(), z.null()]).meta(examples.length === 0 ? { description } : { description, examples });

export const count = (description: string) => z.int().min(0).meta({ description });

export const flag = (description: string) => z.boolean().meta({ description });

export const texts = (description: string) => z.array(z.string()).meta({ description });

export const addresses = (description: string) =>
  z.array(z.string()).meta({ description, examples: [["client@example.org"]] });

/** A page of a list. */
export const listOf = <S extends z.ZodType>(item: S) =>
  z.object({
    items: z.array(item).meta({ description: "The items of this page. A filtered page may hold fewer than `limit`." }),
    next: textOrNull("The `cursor` of the next page; null on the last one."),
  });
