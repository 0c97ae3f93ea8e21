// The calculation engine's answers, as its routes give them.

export type VersionState = 'draft' | 'review' | 'approved' | 'effective' | 'superseded' | 'retired';

/** A person or a module that did something. */
export interface Person {
  readonly id: string;
  readonly name: string;
}

/** A script in the list. */
export interface ScriptRow {
  readonly name: string;
  readonly title: string | null;
  /** The version that calls reach, when there is one. */
  readonly effective: string | null;
  readonly versions: number;
  readonly state: VersionState;
  readonly published_by: Person;
  readonly published_at: string;
  readonly functions: readonly string[];
  readonly brought_by: string | null;
}

/** One step of a version's life. */
export interface Step {
  readonly state: VersionState;
  readonly by: Person;
  readonly at: string;
  readonly reason: string | null;
}

/** How the examples of a version went: each is run twice and compared. */
export interface ExampleCount {
  readonly of: number;
  readonly run: number;
  readonly same: number;
  readonly failed: number;
}

export interface Version {
  readonly version: string;
  readonly state: VersionState;
  readonly published_by: Person;
  readonly published_at: string;
  readonly history: readonly Step[];
  readonly packages: unknown;
  readonly examples: ExampleCount;
}

export interface Script {
  readonly name: string;
  readonly brought_by: string | null;
  /** Oldest first. */
  readonly versions: readonly Version[];
  readonly functions: readonly FunctionInfo[];
}

/** What one example of a function gave at publication. */
export interface ExampleResult {
  readonly function: string;
  /** R code. */
  readonly example: string;
  readonly value: unknown;
  readonly result_key: string | null;
  readonly same: boolean;
  readonly failure: string | null;
}

/** A file of a version that is a folder. */
export interface FileInfo {
  readonly path: string;
  readonly size: number;
  readonly sha256: string;
}

/** A test of a folder that passed when it was published. */
export interface PassedTest {
  readonly file: string;
  readonly duration_ms: number;
  readonly output: readonly string[];
  readonly warnings: readonly string[];
}

/** A version with all that is known of it. */
export interface VersionDetail extends Omit<Version, 'examples'> {
  readonly description: string | null;
  /** Empty where it is no folder. */
  readonly files: readonly FileInfo[];
  /** `null` where it is no folder. */
  readonly tests: readonly PassedTest[] | null;
  readonly functions: readonly FunctionInfo[];
  /** `null` until they have run. */
  readonly examples: readonly ExampleResult[] | null;
  /** What stands against its approval, a sentence each. */
  readonly doubts: readonly string[];
}

/** JSON Schema 2020-12, as far as forms read it. */
export interface Schema {
  readonly type?: string | readonly string[];
  readonly title?: string;
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly items?: Schema | boolean;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly format?: string;
  readonly 'x-unit'?: string;
}

export interface ArgumentInfo {
  readonly name: string;
  readonly required: boolean;
  /** R code. */
  readonly default: string | null;
  readonly type: string;
  readonly description?: string | null;
  readonly schema?: Schema | null;
}

export interface FunctionInfo {
  readonly name: string;
  readonly title?: string | null;
  readonly description?: string | null;
  readonly args: readonly ArgumentInfo[];
  readonly returns?: Schema | null;
  readonly cache?: 'pure' | 'seeded' | 'volatile';
  readonly schema?: Schema | null;
  readonly examples?: readonly string[];
}

/** A line of the comparison of two sources. */
export interface SourceLine {
  readonly kind: 'same' | 'added' | 'removed';
  readonly line: string;
}

/** What happened to a file; a script that is one text is a file, too. */
export interface FileChange {
  readonly path: string;
  readonly change: 'same' | 'changed' | 'added' | 'removed';
  /** None where it is the same, or no short text. */
  readonly lines: readonly SourceLine[];
}

export interface FunctionChange {
  readonly name: string;
  readonly change: 'added' | 'removed' | 'signature';
  readonly before: string | null;
  readonly after: string | null;
}

/** What an example gave in one of two versions; a long value stands only under its key. */
export interface ExampleValue {
  readonly value: unknown;
  readonly result_key: string | null;
  readonly failure: string | null;
}

export interface ResultChange {
  readonly function: string;
  readonly example: string;
  readonly before: ExampleValue | null;
  readonly after: ExampleValue | null;
}

export interface Changes {
  readonly files: readonly FileChange[];
  readonly functions: readonly FunctionChange[];
  readonly results: readonly ResultChange[];
}

/** A plot or another file that a call left beside its value. */
export interface Artifact {
  readonly name: string;
  readonly media_type: string;
  readonly key: string;
}

/** How a value came to be. */
export interface CallFacts {
  readonly id: string;
  readonly script: string;
  readonly version: string;
  readonly function: string;
  readonly node: string;
  readonly zone: string;
  readonly started_at: string;
  readonly duration_ms: number;
  readonly computation_key: string;
  readonly result_key: string;
  readonly cached: boolean;
  readonly cached_from?: string;
  readonly draft?: boolean;
  /** The key of the known value that this one should have been equal to. */
  readonly deviates_from?: string;
  readonly environment: unknown;
}

/** The answer to a call. */
export interface Envelope {
  readonly value: unknown;
  readonly warnings: readonly string[];
  readonly messages: readonly string[];
  readonly output?: readonly string[];
  readonly artifacts?: readonly Artifact[];
  readonly call: CallFacts;
}

export type CallState = 'queued' | 'running' | 'succeeded' | 'failed' | 'cancelled' | 'timed_out';

export interface Progress {
  readonly fraction: number;
  readonly text: string;
}

/** Why a call gave no value. */
export interface Told {
  readonly kind: string;
  readonly title: string;
  readonly detail: string;
}

/** A call that runs or ran. */
export interface Call {
  readonly id: string;
  readonly script: string;
  /** Empty until it is known. */
  readonly version: string;
  readonly function: string;
  readonly state: CallState;
  readonly progress: Progress | null;
  readonly asked_by: Person;
  /** `http`, or the module that asked over the bus. */
  readonly through: string;
  readonly started_at: string;
  readonly duration_ms: number;
  /** What determines its value; missing until its arguments are read. */
  readonly computation_key: string | null;
  readonly result_key: string | null;
  readonly failure: Told | null;
  readonly draft: boolean;
}

/** A value that a call has before it ends. */
export interface Partial {
  readonly name: string;
  readonly value: unknown;
}

/** One call with its answer, once there is one. */
export interface CallDetail extends Call {
  /** While it runs, and after it where it gave no value. */
  readonly partial: readonly Partial[];
  readonly envelope: Envelope | null;
  readonly inputs: readonly string[];
}

/** Where a result comes from and what was made of it. */
export interface Lineage {
  readonly made_by: readonly Call[];
  readonly inputs: readonly string[];
  readonly used_by: readonly Call[];
}

/** How a result is kept. */
export interface ResultFacts {
  readonly result_key: string;
  readonly class: 'ephemeral' | 'session' | 'retained';
  /** Missing when it is kept for good. */
  readonly ends_at: string | null;
  readonly used_at: string;
  readonly size: number;
  readonly media_type: string;
  readonly draft: boolean;
  readonly retained: readonly { readonly by: Person; readonly at: string; readonly reason: string }[];
}

/** What calculating a result again gave. */
export interface Recomputed {
  readonly expected: string;
  readonly result_key: string;
  readonly same: boolean;
  /** Whether script, arguments, R and packages are those of then. */
  readonly same_computation: boolean;
  /** Whether another value was recorded as a deviation: not where the function is volatile. */
  readonly deviation: boolean;
  readonly call_id: string;
  readonly before_call_id: string;
}

/** An engine of a node and how busy it is. */
export interface Engine {
  readonly node: string;
  readonly zone: string;
  readonly sites: readonly string[];
  readonly workers: {
    readonly idle: number;
    readonly busy: number;
    readonly at_most: number;
    readonly waiting: number;
    readonly restarts: number;
    readonly memory_mb: number;
  };
  readonly environment: Readonly<Record<string, unknown>>;
}

/** An environment that somebody has found good. */
export interface Registered {
  readonly fingerprint: string;
  readonly by: Person;
  readonly at: string;
  readonly reason: string;
}

/** What the results of an engine depend on, as a hash, and whether that is registered. */
export interface Environments {
  readonly fingerprint: string;
  readonly is_registered: boolean;
  /** Without a registration the engine answers drafts only. */
  readonly is_required: boolean;
  readonly registered: readonly Registered[];
}

export const READ = 'calc.read';
export const CALL = 'calc.call';
export const PUBLISH = 'calc.publish';
export const APPROVE = 'calc.approve';

/** Whether a call goes on. */
export function isUnderWay(state: CallState): boolean {
  return state === 'queued' || state === 'running';
}

/** What was called; a call that gave nothing is recorded as it was asked for, `script@version`. */
export function calledOf({ script, version }: Pick<Call, 'script' | 'version'>): { readonly name: string; readonly version: string } {
  const [name = '', pinned = ''] = script.split('@');
  return { name, version: version || pinned };
}

/** A version as people read it: its first eight characters are enough to name it. */
export function short(version: string): string {
  return version.slice(0, 8);
}
