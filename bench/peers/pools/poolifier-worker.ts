import { ThreadWorker } from 'poolifier';
import echo from '../../functions/echo.ts';
import whereabouts from '../../functions/whereabouts.ts';

export default new ThreadWorker({ echo, whereabouts });
