import { worker } from 'workerpool';
import echo from '../../functions/echo.ts';
import whereabouts from '../../functions/whereabouts.ts';

worker({ echo, whereabouts });
