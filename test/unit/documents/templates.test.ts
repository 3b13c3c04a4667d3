import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import Handlebars from "handlebars";
import { parseTemplate } from "../../../functions/domain/documents/templates/parse-template.ts";
import { renderTemplate } from "../../../functions/domain/documents/templates/render-template.ts";
import type { Program } from "../../../functions/domain/documents/templates/template-ast.ts";
import type { TemplateFault } from "../../../functions/domain/documents/templates/template-values.ts";
import type { Result } from "../../../functions/domain/result.ts";

const PARTIALS: Readonly<Record<string, string>> = {
  p: "[p {{a}} {{../a}} {{@root.a}}]",
  layout: "<{{> @partial-block}}>{{> nav}}|",
  lines: "x\ny\n{{a}}\n",
};

const DATA = {
  a: "A&<'\"`=>",
  b: { c: { d: 0 }, a: "BA" },
  list: ["x", { a: "y" }, [1, [2, null]]],
  empty: [],
  zero: 0,
  no: false,
  yes: true,
  nothing: null,
  blank: "",
  "first name": "F",
  o: { k1: 1, k2: { a: "q" } },
  i: [0, 1],
};

const parsed = async (name: string, text: string): Promise<Program> => {
  const program = await parseTemplate(name, text);
  assert.ok(program.ok, JSON.stringify(program));
  return program.value;
};

const partials = async (): Promise<ReadonlyMap<string, Program>> => {
  const all = Object.entries(PARTIALS).map(async ([name, text]) => [name, await parsed(name, text)] as const);
  return new Map(await Promise.all(all));
};

const render = async (text: string, data: unknown = DATA, { html = true, strict = false } = {}) => {
  const program = await parseTemplate("t", text);
  if (!program.ok) return program;
  return renderTemplate(program.value, data, { html, strict, partials: await partials() });
};

/**
 * What Handlebars itself makes of it; null if it throws. Without escaping, it adds up numbers that begin a text side by
 * side, so no template here has any.
 */
const original = (text: string, html: boolean, data: unknown = DATA): string | null => {
  const instance = Handlebars.create();
  for (const [name, partial] of Object.entries(PARTIALS)) instance.registerPartial(name, partial);
  try {
    return instance.compile(text, { noEscape: !html })(data);
  } catch {
    return null;
  }
};

const madeOf = (made: Result<string, TemplateFault>): string | null => (made.ok ? made.value : null);

const TEMPLATES = [
  "{{a}} {{{a}}} {{&a}} {{b.c.d}} {{b.c.x.y}} {{list}} {{b}} {{yes}} {{no}} {{zero}} {{nothing}}|{{blank}}|{{missing}}",
  "{{this.a}} {{./a}} {{../a}}| {{a/b}}|{{b/a}}|{{nothing.x.y}}|{{undefined}}{{null}}{{true}}{{12}}",
  "{{#list}}({{this}}:{{a}}:{{@index}}:{{@first}}:{{@last}}:{{../a}}){{/list}}",
  "{{#each list}}({{this}}{{@key}}){{else}}none{{/each}}{{#each empty}}x{{else}}none{{/each}}",
  "{{#each o}}{{@key}}={{this}};{{/each}}{{#each a}}x{{else}}no{{/each}}",
  "{{#each list as |v k|}}{{k}}:{{v.a}},{{#each ../i as |w|}} {{w}} {{k}} {{@../index}} {{/each}}{{/each}}",
  "{{#with b}}{{a}} {{../a}} {{#with c}}{{d}} {{../a}} {{../../a}}{{/with}}{{/with}}",
  "{{#with empty}}x{{else}}none{{/with}}{{#with b as |q|}}{{q.a}}{{a}}{{/with}}{{#with a}}{{this}}{{/with}}",
  "{{#if zero}}1{{else}}0{{/if}}{{#if zero includeZero=true}}1{{else}}0{{/if}}{{#unless empty}}u{{/unless}}",
  "{{#if nothing}}a{{else if yes}}b{{else}}c{{/if}}{{#unless yes}}a{{else}}b{{/unless}}",
  "{{#b}}{{a}}{{../a}}{{/b}}{{^b}}no{{/b}}{{#nothing}}x{{else}}inv{{/nothing}}{{^missing}}m{{/missing}}",
  "{{#yes}}{{a}}{{/yes}}{{#zero}}zero{{this}}{{/zero}}{{#blank}}str{{/blank}}{{#list as |x|}}{{x}}{{/list}}",
  "{{lookup o 'k1'}} {{lookup list 1}} {{#with (lookup o 'k2')}}{{a}}{{/with}} {{lookup nothing 'x'}}|",
  "{{> p}} {{> p b}} {{> p a='hash'}} {{#each list}}{{> p}}{{../a}}{{/each}}{{#with b}}{{> p .. a=2}}{{/with}}",
  '{{#> layout}}{{#*inline "nav"}}NAV {{a}}{{/inline}}block {{a}}{{/layout}}{{#> nope}}fallback {{a}}{{/nope}}',
  '{{#*inline "x"}}in {{a}} {{b.a}}{{/inline}}{{> x}}{{#with b}}{{> x}}{{> x ..}}{{/with}}{{#> p b}}z{{/p}}',
  "a\n  {{> lines}}\nb\n{{#if yes}}\n  yes\n{{/if}}\nend {{~a~}} \n x",
  '{{!-- comment --}}{{! c }}\\{{a}} {{[first name]}} {{"first name"}} {{list.0}} {{list.[1].a}} {{list.length}}',
  "{{@root.a}} {{@root.b.a}} {{#each i}}{{@root.a}}{{@nothing}}{{/each}}{{log a}}|{{toString}}{{list.map}}|",
  "{{#each list}}{{#if this}}{{../a}}{{a}}{{#each ../i}} {{../../a}} {{@../index}} {{/each}}{{/if}}{{/each}}",
  ...[
    "{{#if}}x{{/if}}",
    "{{foo 1}}",
    "{{#foo 1}}{{/foo}}",
    "{{> nope}}",
    "{{#each}}{{/each}}",
    "{{if yes}}",
    "{{else}}",
  ],
  ...["{{#a}}", "{{b.c 1}}", "{{#*foo}}{{/foo}}", "{{* x}}", "{{> p a b}}", "{{", "{{/a}}", "{{#a}}{{/b}}", "{{{a}}"],
];

describe("a template", () => {
  for (const text of TEMPLATES)
    it(`makes of ${JSON.stringify(text).slice(0, 80)} what Handlebars makes of it`, async () => {
      for (const html of [true, false])
        assert.equal(madeOf(await render(text, DATA, { html })), original(text, html), `html: ${html}`);
    });

  it("makes of any template and data what Handlebars makes of it", async () => {
    const name = fc.constantFrom("a", "b", "c", "list", "o", "@index", "this", "../a", "b.a", "@root.a", "zz");
    const piece = fc.letrec<{ one: string; many: string }>((tie) => ({
      one: fc.oneof(
        { weight: 4, arbitrary: fc.constantFrom("x", " ", "\n", "<b>", "é") },
        { weight: 4, arbitrary: name.map((n) => `{{${n}}} `) },
        name.map((n) => `{{{${n}}}} `),
        fc
          .tuple(fc.constantFrom("if", "unless", "each", "with"), name, tie("many"), tie("many"))
          .map(([helper, n, main, other]) => `{{#${helper} ${n}}}${main}{{else}}${other}{{/${helper}}}`),
        fc.tuple(fc.constantFrom("a", "b", "list", "zz"), tie("many")).map(([n, main]) => `{{#${n}}}${main}{{/${n}}}`),
        name.filter((n) => !n.startsWith("@")).map((n) => `{{> p ${n}}}`),
      ),
      many: fc.array(tie("one"), { maxLength: 3 }).map((parts) => parts.join("")),
    }));
    const value = fc.oneof(fc.constantFrom("", "v<", 0, 7, true, false, null), fc.constant([1, { a: "in" }]));
    const plain = { noNullPrototype: true };
    const inner = fc.record({ a: value }, plain);
    const data = fc.record({ a: value, b: fc.oneof(value, inner), list: fc.array(value), o: inner }, plain);
    await fc.assert(
      fc.asyncProperty(piece.many, data, fc.boolean(), async (text, values, html) => {
        const [mine, theirs] = [madeOf(await render(text, values, { html })), original(text, html, values)];
        assert.equal(mine, theirs);
      }),
      { numRuns: 300 },
    );
  });
});

describe("a template that reaches out of its data", () => {
  const REACHING = [
    ...["{{constructor}}", "{{a.constructor}}", "{{__proto__}}", "{{b.__proto__.x}}", "{{lookup b 'constructor'}}"],
    ...["{{#with constructor}}{{/with}}", "{{#each list.constructor}}{{/each}}", "{{#constructor}}{{/constructor}}"],
    ...["{{lookup (lookup a 'constructor') 'constructor'}}", "{{a.[constructor]}}", "{{@root.constructor}}"],
    ...["{{__defineGetter__}}", "{{b.__lookupGetter__}}", "{{> p constructor}}", "{{#if a.__proto__}}{{/if}}"],
  ];
  for (const text of REACHING)
    it(`is refused by name: ${text}`, async () => {
      const made = await render(text);
      assert.equal(made.ok ? made.value : made.problem.code, "template_reaches_prototype");
    });

  it("may have data of such names", async () => {
    assert.equal(madeOf(await render("{{constructor}}", { constructor: "Fabre" })), "Fabre");
  });

  it("calls nothing that the data hold", async () => {
    const data = { o: { toString: "x", valueOf: 1, toHTML: "y" }, l: { join: 1, length: 3 } };
    assert.equal(madeOf(await render("{{o}}{{l}}", data)), "[object Object][object Object]");
  });
});

describe("a template without an end", () => {
  it("ends: partials that call themselves, loops in loops, a flood of text", async () => {
    const self = new Map([["self", await parsed("self", "{{> self}}")]]);
    const options = { html: true, strict: false, partials: self };
    const made = renderTemplate(await parsed("t", "{{> self}}"), {}, options);
    assert.equal(made.ok ? "" : made.problem.code, "template_too_deep");

    const l = Array.from({ length: 200 }, () => 0);
    const loops = await render("{{#each l}}{{#each @root.l}}{{#each @root.l}}x{{/each}}{{/each}}{{/each}}", { l });
    assert.equal(loops.ok ? "" : loops.problem.code, "template_too_long");

    const empty = Array.from({ length: 5_000 }, () => null);
    const idle = await render("{{#each l}}{{#each @root.l}}{{/each}}{{/each}}", { l: empty });
    assert.equal(idle.ok ? "" : idle.problem.code, "template_too_long");

    const flood = await render("{{#each l}}{{@root.t}}{{/each}}", { l, t: "x".repeat(100_000) });
    assert.equal(flood.ok ? "" : flood.problem.code, "template_too_long");
  });

  it("ends: blocks within blocks, however many", async () => {
    for (const depth of [101, 10_000]) {
      const made = await render(`${"{{#if yes}}".repeat(depth)}x${"{{/if}}".repeat(depth)}`);
      assert.equal(made.ok ? "" : made.problem.code, "template_too_deep", String(depth));
    }
  });

  it("ends: calls within calls, and alternatives in a chain", async () => {
    for (const text of [`{{lookup ${"(lookup ".repeat(20_000)}`, `{{#if a}}${"{{else if a}}".repeat(20_000)}{{/if}}`]) {
      const made = await render(text);
      assert.equal(made.ok ? "" : made.problem.code, "template_too_deep");
    }
  });

  it("ends: a document's worth of braces, quotes or openings", async () => {
    for (const unit of ["{{", "{{a}} ", "{{!--", '{{"', "{{#a}}", "\\{{", "{{{{a}}}} ", "{{a.", "\n  {{a}}\n"]) {
      const text = unit.repeat(50_000 / unit.length);
      const before = process.cpuUsage();
      await render(text);
      const { user } = process.cpuUsage(before);
      assert.ok(user < 5_000_000, `${JSON.stringify(unit)}: ${user} µs`);
    }
  });
});

describe("a strict template", () => {
  it("names the value that is missing", async () => {
    const made = await render("pour {{prenom}}", {}, { strict: true });
    assert.deepEqual(made, { ok: false, problem: { code: "template_value_missing", name: "prenom" } });
    assert.equal(madeOf(await render("{{a}}{{b.x}}", { a: null, b: { x: "" } }, { strict: true })), "");
  });
});
