import { ChangeDetectionStrategy, Component, effect, input } from '@angular/core';
import { navigate, siteAddress } from '@dcp/api-service';
import { loadable, StatePanel } from '@dcp/kit';
import { backend } from './backend';

/** Finds the unit that a model belongs to and goes to the model's full address. */
@Component({
  selector: 'mvda-link',
  changeDetection: ChangeDetectionStrategy.OnPush,
  imports: [StatePanel],
  template: `<dcp-state [of]="found" />`,
})
export class Link {
  readonly model = input.required<string>();
  protected readonly found = loadable({
    on: () => this.model(),
    load: (id, signal) => backend.model(id, signal),
  });

  constructor() {
    effect(() => {
      const model = this.found.value();
      if (!model) return;
      const { source, unit } = model.ask;
      const query = new URLSearchParams({
        source,
        unit: unit.web_id,
        path: unit.path,
        tab: 'models',
        model: model.id,
      });
      navigate(`${siteAddress('mvda')}?${query.toString()}`, { replace: true });
    });
  }
}
