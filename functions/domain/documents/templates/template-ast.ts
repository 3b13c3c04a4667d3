/**
 * The part of Handlebars' syntax tree that Relais renders (handlebars-lang/handlebars-parser, types/ast.d.ts). A node
 * of any other type is refused when it is met.
 */
export interface Program {
  readonly type: "Program";
  readonly body: readonly Statement[];
  readonly blockParams?: readonly string[];
}

export interface PathExpression {
  readonly type: "PathExpression";
  /** `@index` and its like. */
  readonly data: boolean;
  /** The number of `../`. */
  readonly depth: number;
  readonly parts: readonly (string | SubExpression)[];
  readonly original: string;
}

export interface Hash {
  readonly pairs: readonly { readonly key: string; readonly value: Expression }[];
}

/** A name with its arguments. */
export interface Call {
  readonly path: Expression;
  readonly params: readonly Expression[];
  readonly hash?: Hash;
}

export interface SubExpression extends Call {
  readonly type: "SubExpression";
}

export type Literal =
  | { readonly type: "StringLiteral"; readonly value: string; readonly original: string }
  | { readonly type: "NumberLiteral"; readonly value: number; readonly original: number }
  | { readonly type: "BooleanLiteral"; readonly value: boolean; readonly original: boolean }
  | { readonly type: "UndefinedLiteral"; readonly value: undefined; readonly original: undefined }
  | { readonly type: "NullLiteral"; readonly value: null; readonly original: null };

export type Expression = PathExpression | SubExpression | Literal;

export interface MustacheStatement extends Call {
  readonly type: "MustacheStatement";
  readonly escaped: boolean;
}

export interface BlockStatement extends Call {
  readonly type: "BlockStatement";
  readonly program?: Program;
  readonly inverse?: Program;
}

export interface PartialStatement {
  readonly type: "PartialStatement";
  readonly name: Expression;
  readonly params: readonly Expression[];
  readonly hash?: Hash;
  /** What stands before a partial that is alone on its line. */
  readonly indent: string;
}

export interface PartialBlockStatement extends Omit<PartialStatement, "type" | "indent"> {
  readonly type: "PartialBlockStatement";
  readonly program: Program;
}

/** `{{#*inline "name"}}`, the only decorator. */
export interface DecoratorBlock extends Call {
  readonly type: "DecoratorBlock";
  readonly program: Program;
}

export type Statement =
  | MustacheStatement
  | BlockStatement
  | PartialStatement
  | PartialBlockStatement
  | DecoratorBlock
  | { readonly type: "ContentStatement"; readonly value: string }
  | { readonly type: "CommentStatement" };
