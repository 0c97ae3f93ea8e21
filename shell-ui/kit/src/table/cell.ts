import { Directive, inject, input, TemplateRef } from '@angular/core';

/**
 * A cell with more than text: `<ng-template dcpCell="status" [dcpCellOf]="rows()" let-row>`. `dcpCellOf` is only there so that the
 * compiler knows the row's type.
 */
@Directive({ selector: 'ng-template[dcpCell]' })
export class CellTemplate<T> {
  readonly column = input.required<string>({ alias: 'dcpCell' });
  // eslint-disable-next-line @angular-eslint/no-input-rename -- a structural directive's second input is named after it
  readonly rows = input<readonly T[]>(undefined, { alias: 'dcpCellOf' });
  readonly template = inject<TemplateRef<{ $implicit: T }>>(TemplateRef);

  // eslint-disable-next-line @typescript-eslint/no-unused-vars -- the compiler reads only the signature
  static ngTemplateContextGuard<T>(_: CellTemplate<T>, _context: unknown): _context is { $implicit: T } {
    return true;
  }
}
