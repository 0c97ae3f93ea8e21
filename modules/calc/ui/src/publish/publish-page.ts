import { ChangeDetectionStrategy, Component, computed, signal, viewChild } from '@angular/core';
import { followLink, formatBytes, may, ProblemError } from '@dcp/api-service';
import { ProblemPanel, shared } from '@dcp/kit';
import { PUBLISH, short, type VersionDetail } from '../model';
import { StateBadge } from '../parts/state-badge';
import { chosen, functionLink, scriptLink, server } from '../place';
import { signature } from '../script/signature';
import { t } from '../texts';
import { draft } from './draft';
import { chosenFolder, droppedFolder, packedFolder, type Folder } from './folder';
import { isName, nameFrom, textOf } from './reading';
import { SourceEditor } from './source-editor';
import { base64 } from './tar';
import { troubleOf, type Trouble } from './trouble';

/** What the engine takes of R source, and of a folder as tar: its files with a head each. */
const SOURCE_BYTES = 1024 * 1024;
const TAR_BYTES = 17 * SOURCE_BYTES;

/** Publishes a script: a file or a folder dropped or chosen, or source pasted; shows what R found in it. */
@Component({
  selector: 'calc-publish',
  imports: [ProblemPanel, SourceEditor, StateBadge],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './publish-page.html',
  styleUrl: './publish-page.css',
})
export class PublishPage {
  protected readonly t = t;
  protected readonly follow = followLink;
  protected readonly short = short;
  protected readonly signature = signature;
  protected readonly scriptLink = scriptLink;
  protected readonly functionLink = functionLink;
  protected readonly permission = PUBLISH;
  protected readonly node = chosen;
  protected readonly draft = draft;
  protected readonly over = signal(false);
  protected readonly busy = signal(false);
  protected readonly tried = signal(false);
  protected readonly problem = signal<ProblemError | undefined>(undefined);
  /** Why the last file was not taken. */
  protected readonly refused = signal<{ why: 'fileTooLarge' | 'notUtf8' | 'notRead'; values: Record<string, string | number> } | undefined>(
    undefined,
  );
  protected readonly published = signal<{ name: string; version: VersionDetail } | undefined>(undefined);
  private readonly editor = viewChild(SourceEditor);
  protected readonly nameFits = computed(() => isName(draft.name()));
  protected readonly trouble = computed(() => {
    shared.language();
    const problem = this.problem();
    return problem?.status === 422 ? troubleOf(problem) : undefined;
  });
  protected readonly allowed = computed(() => {
    shared.session();
    return may(PUBLISH, shared.address().site);
  });

  protected async take(files: FileList | null | undefined): Promise<void> {
    const file = files?.[0];
    if (!file) return;
    const isTar = /\.tar$/i.test(file.name);
    if (file.webkitRelativePath) await this.takeFolder(chosenFolder(Array.from(files)));
    else if (file.size > (isTar ? TAR_BYTES : SOURCE_BYTES))
      this.refuse('fileTooLarge', { file: file.name, most: this.size(isTar ? TAR_BYTES : SOURCE_BYTES) });
    else if (isTar) await this.takeFolder(packedFolder(file));
    else await this.takeSource(file);
  }

  private async takeSource(file: File): Promise<void> {
    const text = textOf(new Uint8Array(await file.arrayBuffer()));
    if (typeof text !== 'string') {
      this.refuse('notUtf8', { file: file.name, line: text.line });
      return;
    }
    this.withoutFolder();
    draft.source.set(text);
    draft.name.set(nameFrom(file.name));
  }

  /** Says why a file is not taken; what was there stays. */
  private refuse(why: 'fileTooLarge' | 'notUtf8' | 'notRead', values: Record<string, string | number>): void {
    this.refused.set({ why, values });
    this.problem.set(undefined);
  }

  private async takeFolder(reading: Promise<Folder>): Promise<void> {
    try {
      const folder = await reading;
      this.withoutFolder();
      draft.folder.set(folder);
      draft.name.set(folder.name);
    } catch (error) {
      this.refuse('notRead', { why: error instanceof Error ? error.message : String(error) });
    }
  }

  protected withoutFolder(): void {
    draft.folder.set(undefined);
    this.problem.set(undefined);
    this.refused.set(undefined);
  }

  protected dropped(event: DragEvent): void {
    event.preventDefault();
    this.over.set(false);
    const folder = droppedFolder(event.dataTransfer?.items);
    if (folder) void this.takeFolder(folder);
    else void this.take(event.dataTransfer?.files);
  }

  protected edited(source: string): void {
    draft.source.set(source);
    this.problem.set(undefined);
  }

  protected wrongTitle({ line, file }: Trouble): string {
    if (draft.folder()) return file && line ? t('wrongInFile', { file, line }) : t('wrongFolder');
    return line ? t('wrongInLine', { line }) : t('wrongSource');
  }

  protected size(bytes: number): string {
    shared.language();
    return formatBytes(bytes);
  }

  protected goTo(line: number): void {
    this.editor()?.goTo(line);
  }

  protected async publish(): Promise<void> {
    this.tried.set(true);
    const folder = draft.folder();
    if (!this.nameFits() || !(folder ?? draft.source().trim()) || this.busy()) return;
    this.busy.set(true);
    this.problem.set(undefined);
    const name = draft.name();
    try {
      const version = await server().publish(name, folder ? { tar: base64(folder.tar) } : { source: draft.source() });
      this.published.set({ name, version });
      draft.name.set('');
      draft.source.set('');
      draft.folder.set(undefined);
    } catch (error) {
      this.problem.set(ProblemError.from(error));
    }
    this.busy.set(false);
  }

  protected another(): void {
    this.published.set(undefined);
    this.tried.set(false);
  }
}
