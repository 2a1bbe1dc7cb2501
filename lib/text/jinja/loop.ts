/** `{% for %}`: each turn in a scope of its own, with what `loop` tells about it. */
import type { Statement } from "./node";
import { Scope } from "./scope";
import type { Jump, Run } from "./template";
import { Callable, equal, Fields, itemsOf, TemplateError, Tuple, Undefined, type Value } from "./value";
