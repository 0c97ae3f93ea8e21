import { Directive, inject, input, TemplateRef } from '@angular/core';

/**
 * A cell with more than text: `<ng-template dcpCell="status" [dcpCellOf]="rows()" let-row>`. `dcpCellOf` is only there so that the
 * compiler knows the row's type.
 */
@Directive({ selector: 'ng-template[dcpCell]' })
export class CellTemplate<T> {
  readonly column = input.required<string>({ alias: 'dcpCell' });
  readonly rows = input<readonly T[]>(undefined, { alias: 'dcpCellOf' });
  readonly template = inject<TemplateRef<{ $implicit: T }>>(TemplateRef);

  static ngTemplateContextGuard<T>(_: CellTemplate<T>, _context: unknown): _context is { $implicit: T } {
    return true;
  }
}
