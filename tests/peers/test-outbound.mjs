// The script of a Node + Twilio project, as such projects have it. Nothing of it knows Campanile.
//
//   node test-outbound.mjs +39… [simple|agent]
import twilio from 'twilio';

const { TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN, TRANSFER_NUMBER_MAIN, SERVER_URL } = process.env;
const FROM_NUMBER = TRANSFER_NUMBER_MAIN;
const TO_NUMBER = process.argv[2];
const query = process.argv[3] ? `?mode=${process.argv[3]}` : '';

const client = twilio(TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN);

const call = await client.calls.create({
  from: FROM_NUMBER,
  to: TO_NUMBER,
  url: `https://${SERVER_URL}/outbound-call${query}`,
  statusCallback: `https://${SERVER_URL}/call-status`,
  statusCallbackEvent: ['initiated', 'ringing', 'answered', 'completed'],
});

console.log(call.sid);
