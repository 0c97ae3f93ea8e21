import { ChangeDetectionStrategy, Component, computed, effect, input, output, signal } from '@angular/core';
import { localized } from '@dcp/api-service';
import { CopyText, Icon, shared } from '@dcp/kit';
import type { AsyncApi, Contract } from './document';
import { Explanation } from './explanation';
import { fieldsOf } from './fields';
import { FieldsTable } from './fields-table';
import { t } from './texts';

/** How long the button says that it has copied. */
const SAID_MS = 2000;

/** One event or task: who sends and reads it, its fields and an example. */
@Component({
  selector: 'fw-contract',
  imports: [CopyText, Explanation, FieldsTable, Icon],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './contract-panel.html',
  styleUrl: './contract-panel.css',
})
export class ContractPanel {
  readonly contract = input.required<Contract>();
  readonly document = input.required<AsyncApi>();
  readonly closed = output();
  protected readonly t = t;
  protected readonly copied = signal(false);
  protected readonly isTask = computed(() => this.contract().kind === 'task');
  protected readonly fields = computed(() => fieldsOf(this.contract().payload, this.document().components.schemas));
  protected readonly envelope = computed(() => {
    const { messageTraits, schemas } = this.document().components;
    return fieldsOf(messageTraits.envelope.headers, schemas);
  });
  protected readonly example = computed(() => {
    const { example } = this.contract();
    return example === undefined ? '' : JSON.stringify(example, null, 2);
  });

  constructor() {
    effect(() => {
      this.contract();
      this.copied.set(false);
    });
  }

  protected titleOf(module: string): string {
    shared.language();
    const found = shared.portal()?.modules.find(({ name }) => name === module);
    return found ? localized(found.title) : module;
  }

  protected async copy(): Promise<void> {
    await navigator.clipboard.writeText(this.example());
    this.copied.set(true);
    setTimeout(() => this.copied.set(false), SAID_MS);
  }
}
