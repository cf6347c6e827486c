import { Menu, type MenuItemConstructorOptions } from 'electron';

/** The application's menu: the roles of the system, so that copy, paste and zoom work as everywhere. Developer tools only in an unpackaged build. */
export function setMenu(options: { readonly mac: boolean; readonly developer: boolean }): void {
  const view: MenuItemConstructorOptions[] = [
    { role: 'resetZoom' },
    { role: 'zoomIn' },
    { role: 'zoomOut' },
    { type: 'separator' },
    { role: 'togglefullscreen' },
    ...(options.developer ? ([{ role: 'toggleDevTools' }] as const) : []),
  ];
  Menu.setApplicationMenu(
    Menu.buildFromTemplate([
      ...(options.mac ? ([{ role: 'appMenu' }] as const) : ([{ role: 'fileMenu' }] as const)),
      { role: 'editMenu' },
      { label: 'View', submenu: view },
      { role: 'windowMenu' },
    ]),
  );
}
