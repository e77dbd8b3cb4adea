// Behind three.core.js and guards.js, so every name of both is in scope. Runs before any module: whatever it needs later it takes
// now, because a module may replace every built-in. Facts: threejs-modules.md section 6.
export const crucible = ( () => {

	'use strict';

	const { apply, getPrototypeOf, ownKeys } = Reflect;
	const { defineProperty, getOwnPropertyDescriptor } = Object;
	const { imul } = Math;
	const global = globalThis;
	const ProxyIn = Proxy, TypeErrorIn = TypeError, ErrorIn = Error, StringIn = String;
	const { slice } = String.prototype;

	// Warnings of Three.js go nowhere; modules cannot name the console, analysis refuses it.
	const silent = () => {};
	globalThis.console = { log: silent, info: silent, warn: silent, error: silent, debug: silent, assert: silent };

	// mulberry32. Every UUID of Three.js draws from it too, four times.
	let state = 0;
	Math.random = function random() {

		state = ( state + 0x6D2B79F5 ) | 0;
		let t = imul( state ^ ( state >>> 15 ), state | 1 );
		t = ( t + imul( t ^ ( t >>> 7 ), t | 61 ) ) ^ t;
		return ( ( t ^ ( t >>> 14 ) ) >>> 0 ) / 4294967296;

	};

	// The namespace

	const refuse = ( trap, key ) => {

		const of = key === undefined ? '' : ` for property '${ typeof key === 'symbol' ? 'Symbol()' : key }'`;
		throw new TypeErrorIn( `'${ trap }' on proxy: trap returned falsish${ of }` );

	};

	const fixed = {
		__proto__: null,
		set: ( target, key ) => refuse( 'set', key ),
		deleteProperty: ( target, key ) => refuse( 'deleteProperty', key ),
		defineProperty: ( target, key ) => refuse( 'defineProperty', key ),
		setPrototypeOf: () => refuse( 'setPrototypeOf' ),
		preventExtensions: () => refuse( 'preventExtensions' ),
	};

	const mathHidden = { __proto__: null, generateUUID: true, seededRandom: true };
	const mathCopy = {};
	for ( const key of ownKeys( MathUtils ) ) if ( ! ( key in mathHidden ) ) mathCopy[ key ] = MathUtils[ key ];
	const mathSafe = new ProxyIn( mathCopy, {
		__proto__: null, ...fixed,
		get( target, key ) {

			if ( key in mathHidden ) throw new TypeErrorIn( `THREE.MathUtils.${ key } is forbidden` );
			return target[ key ];

		},
		has: ( target, key ) => ! ( key in mathHidden ) && key in target,
	} );

	const allowed = { __proto__: null }, known = { __proto__: null }, backing = {};
	const namespace = ( real, allowedNames, knownNames ) => {

		for ( const name of knownNames ) known[ name ] = true;
		for ( const name of allowedNames ) {

			allowed[ name ] = true;
			if ( name in real ) backing[ name ] = name === 'MathUtils' ? mathSafe : real[ name ];

		}

		return new ProxyIn( backing, {
			__proto__: null, ...fixed,
			get( target, key ) {

				if ( typeof key === 'symbol' || key in target ) return target[ key ];
				if ( key in known ) throw new TypeErrorIn( `THREE.${ key } is forbidden` );
				throw new TypeErrorIn( `THREE.${ key } is not a recognized Three.js API` );

			},
			has: ( target, key ) => typeof key === 'symbol' ? key in target : key in allowed,
		} );

	};

	// Traps

	const trap = ( owner, key, text ) => {

		const message = `Runtime violation: ${ text } is forbidden`;
		defineProperty( owner, key, {
			get() {

				throw new ErrorIn( message );

			}, set: undefined, enumerable: false, configurable: false
		} );

	};

	const close = ( names, seed, charge ) => {

		guardBuiltIns( charge );
		const kinds = [ function () {}, function* () {}, async function () {}, async function* () {} ];
		for ( const kind of kinds ) trap( getPrototypeOf( kind ), 'constructor', 'Function constructor' );
		for ( const name of names ) trap( global, name, name );
		state = seed;

	};

	// Text of a thrown value; reading it may run the module's code, and that may throw again.
	const describe = ( thrown ) => {

		try {

			if ( thrown === null || thrown === undefined ) return StringIn( thrown );
			const message = thrown.message;
			return message === undefined || message === null || message === '' ? StringIn( thrown ) : StringIn( message );

		} catch {

			return 'a value that cannot be shown was thrown';

		}

	};

	// Where it was thrown, innermost function first.
	const trace = ( thrown ) => {

		try {

			return StringIn( thrown.stack );

		} catch {

			return '';

		}

	};

	// The start of a text: as much as a name may have. A module may have made it as long as the heap.
	const short = ( text ) => text.length > 256 ? apply( slice, text, [ 0, 256 ] ) : text;

	return { namespace, close, describe, trace, short };

} )();
