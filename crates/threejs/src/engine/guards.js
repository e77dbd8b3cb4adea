// Between three.core.js and the prelude. The interpreter counts calls and loop turns, not the turns inside a built-in
// function: those below charge for their work before they do it, and do not start on what nobody can pay for.
const guardBuiltIns = ( charge ) => {

	'use strict';

	const { apply, defineProperty } = Reflect;
	const { isArray } = Array;
	const { log2 } = Math;
	const RangeErrorIn = RangeError;
	// No array of the heap has more elements than this: a longer one is made of holes, which the interpreter walks too.
	const ELEMENTS_MAX = 2 ** 24;

	const lengthOf = ( it ) => {

		if ( it === null || typeof it !== 'object' ) return 0;
		const length = + it.length;
		return length > 0 ? length : 0;

	};

	const pay = ( steps ) => {

		if ( steps >= 1 && charge( steps ) ) throw new RangeErrorIn( 'out of fuel' );

	};

	const guard = ( owner, names, cost ) => {

		for ( const name of names ) {

			const original = owner[ name ];
			if ( original === undefined ) continue;
			const { guarded } = { guarded( ...given ) {

				pay( cost( this, given ) );
				return apply( original, this, given );

			} };
			defineProperty( guarded, 'name', { value: name, configurable: true } );
			defineProperty( guarded, 'length', { value: original.length, configurable: true } );
			defineProperty( owner, name, { value: guarded, writable: true, enumerable: false, configurable: true } );

		}

	};

	// Steps for one element: about 50 ns are one.
	const each = ( share ) => ( it ) => lengthOf( it ) * share;
	const holes = ( it ) => {

		const length = lengthOf( it );
		return length > ELEMENTS_MAX ? length : 0;

	};

	const sorting = ( it ) => {

		const length = lengthOf( it );
		return length * log2( length + 1 );

	};

	guard( Array.prototype, [ 'indexOf', 'lastIndexOf', 'includes', 'fill', 'copyWithin', 'reverse', 'toReversed', 'join',
		'with', 'toSpliced', 'toLocaleString' ], each( 1 / 8 ) );
	guard( Array.prototype, [ 'shift', 'unshift', 'splice' ], each( 1 / 32 ) );
	guard( Array.prototype, [ 'sort', 'toSorted' ], sorting );
	guard( Array.prototype, [ 'every', 'some', 'forEach', 'map', 'filter', 'reduce', 'reduceRight', 'find', 'findIndex',
		'findLast', 'findLastIndex', 'flatMap', 'slice' ], holes );
	// These read the arrays in an array, too.
	const nested = ( list ) => {

		let steps = holes( list );
		if ( ! isArray( list ) || steps > 0 ) return steps;
		for ( let i = 0; i < list.length; i ++ ) steps += holes( list[ i ] );
		return steps;

	};

	guard( Array.prototype, [ 'concat' ], ( it, given ) => holes( it ) + nested( given ) );
	guard( Array.prototype, [ 'flat' ], nested );
	guard( Array, [ 'from' ], ( it, given ) => holes( given[ 0 ] ) );

	const typed = Object.getPrototypeOf( Uint8Array.prototype );
	guard( typed, [ 'fill', 'copyWithin' ], each( 1 / 64 ) );
	guard( typed, [ 'indexOf', 'lastIndexOf', 'includes', 'reverse', 'toReversed', 'join', 'toLocaleString', 'with' ], each( 1 / 16 ) );
	guard( typed, [ 'set' ], ( it, given ) => lengthOf( given[ 0 ] ) / 16 );
	guard( typed, [ 'sort', 'toSorted' ], sorting );

	// Searching goes through the whole text for every place, at worst.
	const search = ( it, given ) => typeof it === 'string' && typeof given[ 0 ] === 'string'
		? it.length * ( given[ 0 ].length + 8 ) / 512 : 0;
	guard( String.prototype, [ 'indexOf', 'lastIndexOf', 'includes', 'split', 'replace', 'replaceAll' ], search );
	guard( String.prototype, [ 'normalize', 'localeCompare', 'toUpperCase', 'toLowerCase', 'toLocaleUpperCase', 'toLocaleLowerCase' ],
		( it ) => typeof it === 'string' ? it.length / 4 : 0 );
	guard( JSON, [ 'stringify' ], ( it, given ) => holes( given[ 0 ] ) + holes( given[ 1 ] ) );
	const parsed = ( it, given ) => typeof given[ 0 ] === 'string' ? given[ 0 ].length / 4 : 0;
	guard( JSON, [ 'parse' ], parsed );
	guard( globalThis, [ 'parseInt', 'parseFloat', 'encodeURI', 'encodeURIComponent', 'decodeURI', 'decodeURIComponent',
		'escape', 'unescape' ], parsed );
	Number.parseInt = parseInt;
	Number.parseFloat = parseFloat;

};
