/**
 * API documents, made by typedoc from the docstrings of what the library's door opens: grouped by folder, in the order
 * and with the words of lib/README.md.
 */
import { readdirSync } from "node:fs";
import path from "node:path";
import type { Application, ProjectReflection } from "typedoc";
import ts from "typescript";
import { projectRoot } from "../base/files";
import { readText } from "../base/textFile";

const library = path.join(projectRoot, "lib");
/** What typedoc calls a parameter that is taken apart where it is declared. */
const unnamed = "__namedParameters";

export async function writeApiPages(out: string): Promise<void> {
  const { app, project } = await apiOf(path.join(library, "index.ts"), path.join(projectRoot, "tsconfig.json"));
  await app.generateDocs(project, path.join(out, "api"));
}

/**
 * @param door file of TypeScript whose exports are described @param tsconfig of a program that has it
 * @throws Error where typedoc cannot read it
 */
export async function apiOf(door: string, tsconfig: string): Promise<{ app: Application; project: ProjectReflection }> {
  const { Application, Comment, CommentTag, Converter, LogLevel, ReflectionKind } = await import("typedoc");
  const rooms = roomsOf(readText(path.join(library, "README.md")));
  const app = await Application.bootstrap({
    name: "mask-dpo-lab",
    entryPoints: [door],
    tsconfig,
    readme: "none",
    disableSources: true, // they would lead to a repository that only this copy knows
    excludePrivate: true,
    excludeInternal: true,
    skipErrorChecking: true, // npm test does that
    hideGenerator: true,
    githubPages: false,
    categorizeByGroup: false,
    categoryOrder: [...rooms.keys()].flatMap((room) => [room, ...foldersIn(room)]),
    visibilityFilters: {}, // nothing is protected, inherited or external
    navigation: { includeCategories: true },
    navigationLinks: { Site: "../index.html" },
    logLevel: LogLevel.Error,
  });
  const names = new Map<number, string>();
  app.converter.on(Converter.EVENT_CREATE_PARAMETER, (context, { id, name }) => {
    const declaration = context.getSymbolFromReflection(context.project.getReflectionById(id)!)?.valueDeclaration;
    if (name === unnamed && declaration && ts.isParameter(declaration)) names.set(id, nameOf(declaration));
  });
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    const described = [...rooms].map(
      ([room, text]) => new CommentTag("@categoryDescription", [{ kind: "text", text: `${room}\n${text}` }]),
    );
    project.comment = new Comment([], described);
    for (const shown of project.children ?? []) {
      const file = project.getSymbolIdFromReflection(shown)?.fileName ?? door;
      const folder = path.dirname(path.relative(library, file)).replaceAll(path.sep, "/");
      (shown.signatures ?? [shown]).forEach((one) => {
        one.comment ??= new Comment();
        one.comment.blockTags.push(new CommentTag("@category", [{ kind: "text", text: folder }]));
      });
    }
  });
  app.converter.on(Converter.EVENT_RESOLVE_END, ({ project }) => {
    // those that are not named by a @param
    for (const parameter of project.getReflectionsByKind(ReflectionKind.Parameter))
      if (parameter.name === unnamed) parameter.name = names.get(parameter.id)!;
  });
  const project = await app.convert();
  if (!project) throw new Error("typedoc: expected a project, got none");
  return { app, project };
}

/** Rooms of the house, in order, and what each is for. */
function roomsOf(house: string): Map<string, string> {
  const rows = house.matchAll(/^\| `(\w+)` \| (.*) \|$/gm);
  return new Map([...rows].map(([, room, text]) => [room!, `${text![0]!.toUpperCase()}${text!.slice(1)}.`]));
}

function foldersIn(room: string): string[] {
  const entries = readdirSync(path.join(library, room), { recursive: true, withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory());
  return folders
    .map(({ parentPath, name }) => path.relative(library, path.join(parentPath, name)).replaceAll(path.sep, "/"))
    .sort();
}

/** A parameter without a name of its own is named after its type: `session` of `{ atlas }: Pick<Session, "atlas">`. */
function nameOf({ type }: ts.ParameterDeclaration): string {
  const named = type && typeName(type);
  return named ? `${named[0]!.toLowerCase()}${named.slice(1)}` : "options";
}

const utilities = ["Pick", "Omit", "Partial", "Readonly", "Required"];

/** Of several types together it is the first that has a name. */
function typeName(type: ts.TypeNode): string | undefined {
  if (ts.isIntersectionTypeNode(type)) return type.types.map(typeName).find((name) => name !== undefined);
  if (!ts.isTypeReferenceNode(type)) return undefined;
  const name = type.typeName.getText();
  const [first] = type.typeArguments ?? [];
  if (first && utilities.includes(name)) return typeName(first);
  return name === "Record" ? undefined : name;
}
