// The functions in the shape that jest-worker, tinypool and piscina load: one module, the default and a named export.
export { default } from '../../functions/echo.ts';
export { default as whereabouts } from '../../functions/whereabouts.ts';
