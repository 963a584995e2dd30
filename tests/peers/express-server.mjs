// The same webhook as a Node project has it: Express, Twilio's middleware for signatures and its
// VoiceResponse. For tests/full.sh bench-webhook.
//
//   node express-server.mjs TOKEN        prints its port, and serves until it is killed
process.env.NODE_ENV = 'production';
const { default: express } = await import('express');
const { default: twilio } = await import('twilio');

const app = express();
app.disable('x-powered-by');
app.use(express.urlencoded({ extended: false }));
app.post('/outbound-call', twilio.webhook(process.argv[2], { protocol: 'https' }),
         (request, response) => {
           const twiml = new twilio.twiml.VoiceResponse();
           twiml.say({ language: 'it-IT' }, 'Ciao.');
           twiml.pause({ length: 1 });
           twiml.hangup();
           response.type('text/xml').send(twiml.toString());
         });
const server = app.listen(0, '127.0.0.1', () => console.log(server.address().port));
